#include "reports/globals_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <vector>

#include "reports/short_arguments.h"

namespace isoaudit::reports {
namespace {

using model::GlobalKind;
using model::GlobalVariable;
using model::GlobalWriter;
using model::RunsWhen;

/// How many variables of one kind are written out without -v.
constexpr std::size_t shown_of_a_kind = 4;
constexpr std::size_t longest_name = 40;

/// "exception", "exceptions".
std::pair<const char*, const char*> words(GlobalKind kind) {
  switch (kind) {
    case GlobalKind::static_type: return {"static type", "static types"};
    case GlobalKind::thread_state: return {"thread state", "thread states"};
    case GlobalKind::exception: return {"exception", "exceptions"};
    case GlobalKind::type: return {"type", "types"};
    case GlobalKind::string: return {"string", "strings"};
    case GlobalKind::module: return {"module", "modules"};
    case GlobalKind::static_object: return {"static object", "static objects"};
    case GlobalKind::object: return {"object", "objects"};
    case GlobalKind::pymem_block: return {"PyMem block", "PyMem blocks"};
    case GlobalKind::capsule_api: return {"C API", "C APIs"};
    case GlobalKind::counter: return {"counter", "counters"};
    case GlobalKind::data: return {"other", "others"};
  }
  return {"", ""};
}

const char* words(RunsWhen when) {
  switch (when) {
    case RunsWhen::never: return "nothing leads to it";
    case RunsWhen::static_initialiser: return "at load";
    case RunsWhen::process: return "at the process's start or end";
    case RunsWhen::main_interpreter: return "in the main interpreter";
    case RunsWhen::hook: return "in the hook";
    case RunsWhen::exec: return "at import";
    case RunsWhen::call: return "in calls";
    case RunsWhen::finalise: return "at the module's end";
  }
  return "";
}

std::string name_of(const GlobalVariable& global) {
  const std::string address = fmt::format("{}+{:#x}", global.section, global.offset);
  return global.name.empty() ? address : global.name;
}

std::string short_name_of(const GlobalVariable& global) { return with_short_arguments(name_of(global)); }

std::string size_of(const GlobalVariable& global) { return global.size == 0 ? "?" : fmt::format("{}", global.size); }

std::string times_of(const GlobalWriter& writer) {
  std::string text;
  for (const RunsWhen when : writer.when) text += (text.empty() ? "" : ", ") + std::string(words(when));
  return text;
}

/// "result of PyDict_New() in load_cache(), at import, under PyMutex_Lock".
std::string sentence(const GlobalWriter& writer) {
  std::string text = writer.value.empty() ? "a store" : writer.value;
  // A demangled name has its arguments already.
  const char* call = writer.function.find('(') == std::string::npos ? "()" : "";
  if (!writer.function.empty()) text += fmt::format(" in {}{}", writer.function, call);
  if (writer.where.line > 0) text += fmt::format(" ({}:{})", writer.where.file, writer.where.line);
  if (const std::string times = times_of(writer); !times.empty()) text += ", " + times;
  if (writer.atomic) text += ", atomic";
  if (!writer.guard.empty()) text += ", under " + writer.guard;
  return text;
}

/// "12 exceptions, 33 counters".
std::string counts_of(const std::vector<const GlobalVariable*>& globals) {
  std::map<GlobalKind, std::size_t> counts;
  for (const GlobalVariable* global : globals) ++counts[global->kind];
  std::vector<std::pair<GlobalKind, std::size_t>> order(counts.begin(), counts.end());
  std::ranges::stable_sort(order, std::ranges::greater(), &std::pair<GlobalKind, std::size_t>::second);
  std::string text;
  for (const auto& [kind, count] : order) {
    text +=
        fmt::format("{}{} {}", text.empty() ? "" : ", ", count, count == 1 ? words(kind).first : words(kind).second);
  }
  return text;
}

void write_short(std::string& out, const GlobalVariable& global, std::size_t width) {
  const GlobalWriter& first = global.writers.front();
  const std::size_t more = global.writers.size() - 1;
  fmt::format_to(std::back_inserter(out), "    {:{}}  {:>6}  {:13}  {}{}{}\n", short_name_of(global), width,
                 size_of(global), words(global.kind).first, with_short_arguments(sentence(first)),
                 more == 0 ? "" : fmt::format("; {} more writer{}", more, more == 1 ? "" : "s"),
                 global.explained.empty() ? "" : "; " + global.explained);
}

void write_long(std::string& out, const GlobalVariable& global) {
  const auto to = std::back_inserter(out);
  const std::string place = global.name.empty() ? "" : fmt::format(" at {}+{:#x}", global.section, global.offset);
  fmt::format_to(to, "  {} ({}{}, {} bytes{}{}): {} reader{}\n", name_of(global),
                 global.generator.empty() ? "" : global.generator + "'s ", words(global.kind).first, size_of(global),
                 place, global.declared_type.empty() ? "" : ", declared as " + global.declared_type, global.readers,
                 global.readers == 1 ? "" : "s");
  for (const GlobalWriter& writer : global.writers) {
    fmt::format_to(to, "      {}\n", sentence(writer));
    if (!writer.path.empty()) fmt::format_to(to, "        {}\n", writer.path);
  }
  if (!global.explained.empty()) fmt::format_to(to, "      harmless: {}\n", global.explained);
}

/// The first of each kind that are not explained; a generator's own come last.
std::vector<const GlobalVariable*> first_of_each_kind(const std::vector<const GlobalVariable*>& open) {
  std::vector<const GlobalVariable*> order = open;
  std::ranges::stable_sort(order, {},
                           [](const GlobalVariable* g) { return std::tuple(g->kind, !g->generator.empty()); });
  std::vector<const GlobalVariable*> first;
  std::map<GlobalKind, std::size_t> seen;
  for (const GlobalVariable* global : order) {
    if (seen[global->kind]++ < shown_of_a_kind) first.push_back(global);
  }
  return first;
}

}  // namespace

std::string globals_table(const model::ModuleReport& module, bool verbose) {
  if (!module.code) return "";
  const model::CodeReport& code = *module.code;
  if (!code.read) return fmt::format("{}: its code was not read: {}\n", module.name, code.why_not);
  std::vector<const GlobalVariable*> open, explained, generated;
  for (const GlobalVariable& global : code.globals) {
    (global.explained.empty() ? open : explained).push_back(&global);
    if (global.explained.empty() && !global.generator.empty()) generated.push_back(&global);
  }
  std::string out;
  const auto to = std::back_inserter(out);
  if (code.globals.empty()) return fmt::format("{}: its code writes no global\n", module.name);
  fmt::format_to(to, "{}: its code writes {} global{}", module.name, code.globals.size(),
                 code.globals.size() == 1 ? "" : "s");
  if (!open.empty()) fmt::format_to(to, ": {}", counts_of(open));
  if (!explained.empty()) fmt::format_to(to, "; {} harmless", explained.size());
  if (!generated.empty())
    fmt::format_to(to, "; {} of them are {}'s own", generated.size(), generated.front()->generator);
  out += '\n';
  if (verbose) {
    for (const GlobalVariable& global : code.globals) write_long(out, global);
    return out;
  }
  const std::vector<const GlobalVariable*> first = first_of_each_kind(open);
  std::size_t width = 0;
  for (const GlobalVariable* global : first) width = std::max(width, short_name_of(*global).size());
  for (const GlobalVariable* global : first) write_short(out, *global, std::min(width, longest_name));
  if (first.size() < code.globals.size()) {
    fmt::format_to(to, "    ... and {} more (-v)\n", code.globals.size() - first.size());
  }
  return out;
}

}  // namespace isoaudit::reports
