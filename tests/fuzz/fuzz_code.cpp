#include "analyzer/code/collect_code.h"
#include "analyzer/code/read_hook.h"
#include "tests/fuzz/described_image.h"
#include "tests/fuzz/targets.h"

namespace isoaudit::fuzz {

void fuzz_code(Bytes bytes) {
  const DescribedImage described = read_described_image(bytes);
  analyzer::collect_code(described.image);
  analyzer::HookReader reader(described.image);
  unsigned hooks = 0;
  for (const analyzer::Symbol& symbol : described.image.symbols) {
    if (symbol.exported && symbol.kind == analyzer::Symbol::Kind::function && hooks++ < 4) reader.read(symbol.address);
  }
}

}  // namespace isoaudit::fuzz
