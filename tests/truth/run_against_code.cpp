// Whether the machine code explains what a run saw: run_against_code PYTHON, then lines "MODULE FILE ROOT" on stdin.
// Prints, for each word of a module's own writable memory that a run saw changing or holding an object, a line
// "MODULE <tab> PLACE <tab> SYMBOL <tab> CAUSE <tab> SEEN"; CAUSE is "store", "passed to NAME", "in it: ..." or
// "nothing". Last comes a line with the CAUSE "ran"; its SEEN says why no interpreter but the main one got it, if none
// did. A module that could not be read or did not run gives "MODULE <tab> - <tab> - <tab> left out: WHY <tab> -".
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <string>

#include "analyzer/code/collect_code.h"
#include "loader_probe/host/interpreters.h"
#include "loader_probe/host/probe.h"

namespace {

using namespace isoaudit;

/// A word that a run saw, and how.
struct Seen {
  std::string section{};
  std::uint64_t offset = 0;
  std::string symbol{};
  std::string how{};
  bool is_static = false;
};

/// How far a store through an index that is not known may reach, where no symbol says how large the variable is.
constexpr std::uint64_t longest_table = 4096;

/// Static objects are passed on as a whole: a type has about fifty words, and the runtime fills them.
constexpr std::uint64_t longest_object = 512;

class Code {
 public:
  Code(const analyzer::Image& image, const model::CodeFacts& facts) : image_(image), facts_(facts) {}

  std::string cause(const Seen& seen) const {
    std::string passed;
    for (const model::CodeWrite& write : facts_.writes) {
      if (write.section != seen.section) continue;
      if (write.passed_to.empty()) {
        if (covers(write, seen.offset)) return "store";
      } else if (passed.empty() && reaches(write, seen.offset, longest_object)) {
        passed = "passed to " + write.passed_to;
      }
    }
    return passed.empty() ? "nothing" : passed;
  }

 private:
  bool covers(const model::CodeWrite& write, std::uint64_t offset) const {
    // The run's word has eight bytes, of which the store may touch any.
    if (write.size != 0) return write.offset < offset + 8 && offset < write.offset + write.size;
    return reaches(write, offset, longest_table);
  }

  /// What begins at the write's place, or the variable that it lies in.
  bool reaches(const model::CodeWrite& write, std::uint64_t offset, std::uint64_t longest) const {
    const analyzer::Section* section = image_.section_named(write.section);
    const analyzer::Symbol* symbol = section == nullptr ? nullptr : image_.symbol_at(section->address + write.offset);
    if (symbol != nullptr && symbol->size != 0) {
      const std::uint64_t begin = symbol->address - section->address;
      return offset + 8 > begin && offset < begin + symbol->size;
    }
    return offset + 8 > write.offset && offset < write.offset + longest;
  }

  const analyzer::Image& image_;
  const model::CodeFacts& facts_;
};

std::map<std::pair<std::string, std::uint64_t>, Seen> words_of(const model::RunFacts& run) {
  std::map<std::pair<std::string, std::uint64_t>, Seen> words;
  const auto add = [&](const auto& word, const std::string& how, bool is_static) {
    // A private library's memory is its own code's to explain; objects that two interpreters have lie anywhere.
    if (!word.library.empty() || word.section.empty()) return;
    const auto add_writers = [&](Seen& to) {
      for (const model::WritingFunction& by : word.by) {
        char text[32];
        std::snprintf(text, sizeof text, " by 0x%llx", static_cast<unsigned long long>(by.address));
        if (to.how.find(text) == std::string::npos)
          to.how += text + (by.through.empty() ? "" : " through " + by.through);
      }
    };
    Seen& seen = words[{word.section, word.offset}];
    seen.section = word.section, seen.offset = word.offset, seen.symbol = word.symbol;
    seen.is_static = seen.is_static || is_static;
    if (seen.how.find(how) == std::string::npos) seen.how += (seen.how.empty() ? "" : ", ") + how;
    add_writers(seen);
  };
  for (const model::Phase& phase : run.phases) {
    for (const model::SharedObject& object : phase.shared) {
      const bool is_static = object.kind == model::SharedObject::Kind::is_static;
      add(object, is_static ? "is " + object.description : "holds " + object.description, is_static);
    }
    for (const model::ChangedWord& word : phase.changed) add(word, "changed during " + word.step, false);
  }
  return words;
}

std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\t') c = ' ';
  }
  return text;
}

void left_out(const std::string& module, const std::string& why) {
  std::printf("%s\t-\t-\tleft out: %s\t-\n", module.c_str(), one_line(why).c_str());
}

/// What ended the last level that was tried: it asks for least where the check for support is overridden.
std::string why_not_run(const model::RunFacts& run) {
  std::string why = "no level ran";
  for (const model::Phase& phase : run.phases) {
    if (phase.outcome == model::Outcome::ok || phase.outcome == model::Outcome::skipped) continue;
    why = std::string(model::to_string(phase.level)) + ": " + model::to_string(phase.outcome) + ": " + phase.detail;
  }
  return why;
}

void compare(const std::string& module, const std::string& file, const std::string& root,
             const model::Interpreter& python) {
  const analyzer::MappedFileResult mapped = analyzer::map_file(file);
  const analyzer::ImageResult read = mapped.file ? analyzer::read_image(mapped.file) : analyzer::ImageResult{};
  if (!read.image) return left_out(module, mapped.file ? read.error : mapped.error);
  const model::CodeFacts facts = analyzer::collect_code(*read.image);
  if (!facts.read) return left_out(module, facts.why_not);
  loader_probe::ProbeOptions options;
  options.interpreters = 3;
  options.rounds = 1;
  const model::RunFacts run =
      loader_probe::probe({.module = module, .path = file, .import_root = root}, python, options).run;
  // One interpreter is enough: some modules refuse the second one, and their memory is looked at all the same.
  const auto imported = [](const model::Phase& phase) { return phase.imports > 0; };
  if (std::ranges::none_of(run.phases, imported)) return left_out(module, why_not_run(run));
  const bool in_main_alone = std::ranges::none_of(
      run.phases, [&](const model::Phase& phase) { return phase.level != model::Level::main && imported(phase); });
  const Code code(*read.image, facts);
  for (const auto& [place, seen] : words_of(run)) {
    std::printf("%s\t%s+0x%llx\t%s\t%s\t%s\n", module.c_str(), seen.section.c_str(),
                static_cast<unsigned long long>(seen.offset), seen.symbol.c_str(), code.cause(seen).c_str(),
                one_line(seen.how).c_str());
  }
  std::printf("%s\t-\t-\tran\t%s\n", module.c_str(), in_main_alone ? one_line(why_not_run(run)).c_str() : "-");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const loader_probe::InterpreterResult python = loader_probe::find_interpreter(argv[1]);
  if (!python.interpreter) {
    std::fprintf(stderr, "%s\n", python.error.c_str());
    return 2;
  }
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string module, file, root;
    if (!(words >> module >> file >> root)) continue;
    compare(module, file, root, *python.interpreter);
    std::fflush(stdout);
  }
}
