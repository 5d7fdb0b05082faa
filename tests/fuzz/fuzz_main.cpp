// isoaudit_fuzz --target=NAME [libFuzzer's options and folders]
// isoaudit_fuzz --describe=FILE: the module as a described image on stdout, a seed for the targets that read those.
// isoaudit_fuzz --record=FILE: what is found in the module, as a worker would answer it.
// isoaudit_fuzz --list: the targets' names.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "analyzer/binary/collect_binary.h"
#include "analyzer/image/image.h"
#include "analyzer/records/binary_record.h"
#include "tests/fuzz/described_image.h"
#include "tests/fuzz/targets.h"

namespace isoaudit::fuzz {
namespace {

struct Target {
  std::string_view name;
  void (*run)(Bytes);
};

constexpr Target targets[] = {
    {"archive", fuzz_archive}, {"code", fuzz_code}, {"definition", fuzz_definition}, {"elf", fuzz_elf},
    {"macho", fuzz_macho},     {"pe", fuzz_pe},     {"records", fuzz_records},
};

const Target* chosen = nullptr;

[[noreturn]] void stop(const std::string& message) {
  std::fprintf(stderr, "isoaudit_fuzz: %s\n", message.c_str());
  std::exit(2);
}

[[noreturn]] void print(const std::string& bytes) {
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() && std::fflush(stdout) == 0;
  std::exit(written ? 0 : 2);
}

[[noreturn]] void describe(const std::string& path) {
  const analyzer::MappedFileResult mapped = analyzer::map_file(path);
  if (mapped.file == nullptr) stop(path + ": " + mapped.error);
  const analyzer::ImageResult read = analyzer::read_image(mapped.file);
  if (!read.image) stop(path + ": " + read.error);
  print(describe_image(*read.image));
}

[[noreturn]] void record(const std::string& path) {
  print(
      analyzer::to_bytes({analyzer::collect_binary({.path = path, .module = "", .import_root = "", .file = nullptr})}));
}

}  // namespace
}  // namespace isoaudit::fuzz

// libFuzzer leaves options that begin with two dashes alone.
extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  using namespace isoaudit::fuzz;
  for (int i = 1; i < *count; ++i) {
    const std::string_view argument((*arguments)[i]);
    if (argument == "--list") {
      for (const Target& target : targets) std::printf("%s\n", std::string(target.name).c_str());
      std::exit(0);
    }
    if (argument.starts_with("--describe=")) describe(std::string(argument.substr(argument.find('=') + 1)));
    if (argument.starts_with("--record=")) record(std::string(argument.substr(argument.find('=') + 1)));
    if (argument.starts_with("--target=")) {
      chosen = std::ranges::find(targets, argument.substr(argument.find('=') + 1), &Target::name);
      if (chosen == std::end(targets)) stop("unknown target: " + std::string(argument));
    }
  }
  if (chosen == nullptr) stop("which? --target=NAME; --list names them");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  isoaudit::fuzz::chosen->run({data, size});
  return 0;
}
