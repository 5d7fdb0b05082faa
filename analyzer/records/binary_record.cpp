#include "analyzer/records/binary_record.h"

#include <llvm/Support/raw_ostream.h>

#include "analyzer/records/encode.h"
#include "analyzer/records/fields.h"

namespace isoaudit::analyzer {

std::string to_bytes(const std::vector<BinaryResult>& results) {
  std::string bytes;
  llvm::raw_string_ostream stream(bytes);
  records::Encoder(stream).put(results);
  stream.flush();
  return bytes;
}

BinaryRecord binary_record(std::string_view bytes) {
  BinaryRecord record;
  records::Decoder decoder{llvm::StringRef(bytes)};
  decoder.get(record.results);
  if (!decoder.at_end()) return {{}, "its record is damaged"};
  return record;
}

}  // namespace isoaudit::analyzer
