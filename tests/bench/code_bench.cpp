// What reading machine code costs beside LLVM's decoder alone on the same bytes: code_bench [--benchmark_...] FILE...
// Each file gives three rows: LLVM's decoder, our instructions from it, the whole reading; the counter "memory" is the
// whole reading's peak, in a process of its own, over the bytes of code.
#include <benchmark/benchmark.h>
#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCDisassembler/MCDisassembler.h>
#include <llvm/MC/MCInst.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/MCTargetOptions.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/raw_ostream.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "analyzer/code/collect_code.h"
#include "analyzer/code/function_flow.h"
#include "analyzer/code/functions.h"

namespace {

using namespace isoaudit;
using analyzer::Image;

std::uint64_t text_of(const std::vector<analyzer::FunctionRange>& functions) {
  std::uint64_t bytes = 0;
  for (const auto& function : functions) bytes += function.end - function.begin;
  return bytes;
}

/// Nothing of ours but the cut into functions.
void llvm_alone(benchmark::State& state, const Image& image) {
  const auto functions = analyzer::find_functions(image);
  const bool arm = image.machine == analyzer::Machine::aarch64;
  const llvm::Triple triple(arm ? "aarch64-unknown-linux-gnu" : "x86_64-unknown-linux-gnu");
  std::string error;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple.str(), error);
  const std::unique_ptr<llvm::MCRegisterInfo> registers(target->createMCRegInfo(triple.str()));
  const std::unique_ptr<llvm::MCAsmInfo> assembly(
      target->createMCAsmInfo(*registers, triple.str(), llvm::MCTargetOptions()));
  const std::unique_ptr<llvm::MCSubtargetInfo> features(
      target->createMCSubtargetInfo(triple.str(), "", arm ? "+all" : ""));
  llvm::MCContext context(triple, assembly.get(), registers.get(), features.get());
  const std::unique_ptr<llvm::MCDisassembler> disassembler(target->createMCDisassembler(*features, context));
  for (auto _ : state) {
    std::uint64_t instructions = 0;
    for (const auto& function : functions) {
      const analyzer::Section* section = image.section_at(function.begin);
      const llvm::ArrayRef bytes(section->bytes.data(), section->bytes.size());
      llvm::MCInst raw;
      for (std::uint64_t at = function.begin; at < function.end;) {
        raw.clear();
        raw.setOpcode(0);
        std::uint64_t size = 0;
        disassembler->getInstruction(raw, size, bytes.drop_front(at - section->address), at, llvm::nulls());
        at += std::max<std::uint64_t>(size, arm ? 4 : 1);
        ++instructions;
      }
    }
    benchmark::DoNotOptimize(instructions);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text_of(functions)));
}

void decode(benchmark::State& state, const Image& image) {
  const auto functions = analyzer::find_functions(image);
  const auto decoder = analyzer::Decoder::create(image.machine);
  analyzer::FunctionCode code;
  for (auto _ : state) {
    for (const auto& function : functions) {
      analyzer::decode_function(image, *decoder, function, nullptr, code);
      benchmark::DoNotOptimize(code.instructions.data());
    }
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text_of(functions)));
}

/// A line of /proc/self/status: "VmRSS" is now, "VmHWM" the most since clear_refs was last told to begin again.
long kilobytes(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":")) return std::stol(line.substr(name.size() + 1));
  }
  return 0;
}

std::unique_ptr<Image> image_of(const char* path) {
  const analyzer::MappedFileResult mapped = analyzer::map_file(path);
  analyzer::ImageResult read = mapped.file ? analyzer::read_image(mapped.file) : analyzer::ImageResult{};
  if (!read.image || analyzer::Decoder::create(read.image->machine) == nullptr) return nullptr;
  return std::make_unique<Image>(std::move(*read.image));
}

/// Bytes that a reading adds to the peak of a process that has read the same before: the pages of LLVM's own code and
/// tables, which reading touches, are there already and are nobody's memory. To be asked before anything else is read:
/// the gaps that others leave between what they keep would count.
double memory_of_reading(const char* path) {
  int ends[2];
  if (pipe(ends) != 0) return 0;
  const pid_t child = fork();
  if (child == 0) {
    long grown = 0;
    if (const std::unique_ptr<Image> image = image_of(path)) {
      analyzer::collect_code(*image);
      malloc_trim(0);
      std::ofstream("/proc/self/clear_refs") << "5";
      const long before = kilobytes("VmRSS");
      analyzer::collect_code(*image);
      grown = kilobytes("VmHWM") - before;
    }
    _exit(write(ends[1], &grown, sizeof grown) == sizeof grown ? 0 : 1);
  }
  long grown = 0;
  if (child > 0 && read(ends[0], &grown, sizeof grown) != sizeof grown) grown = 0;
  close(ends[0]), close(ends[1]);
  waitpid(child, nullptr, 0);
  return static_cast<double>(grown) * 1024;
}

void whole(benchmark::State& state, const Image& image, double memory) {
  const auto text = static_cast<double>(text_of(analyzer::find_functions(image)));
  state.counters["memory"] = memory / text;
  std::size_t writes = 0;
  for (auto _ : state) writes = analyzer::collect_code(image).writes.size();
  state.counters["text_MB"] = text / 1e6;
  state.counters["writes"] = static_cast<double>(writes);
  state.SetBytesProcessed(static_cast<std::int64_t>(static_cast<double>(state.iterations()) * text));
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const std::span<char*> paths = std::span(argv, static_cast<std::size_t>(argc)).subspan(1);
  std::vector<double> memory;
  for (const char* path : paths) memory.push_back(memory_of_reading(path));
  std::vector<std::unique_ptr<Image>> images;
  for (const char* path : paths) {
    images.push_back(image_of(path));
    if (images.back() == nullptr) {
      std::fprintf(stderr, "%s: not read\n", path);
      return 2;
    }
    const Image& image = *images.back();
    const std::string name = std::filesystem::path(path).filename().string() + ' ';
    const auto add = [&](const char* what, const auto& run) {
      benchmark::RegisterBenchmark((name + what).c_str(), run)->Unit(benchmark::kMillisecond);
    };
    const double taken = memory[images.size() - 1];
    add("whole", [&image, taken](benchmark::State& state) { whole(state, image, taken); });
    add("decode", [&image](benchmark::State& state) { decode(state, image); });
    add("llvm", [&image](benchmark::State& state) { llvm_alone(state, image); });
  }
  benchmark::RunSpecifiedBenchmarks();
}
