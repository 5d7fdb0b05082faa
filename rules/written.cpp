#include "rules/written.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "model/c_api_name.h"
#include "rules/generated.h"
#include "rules/harmless.h"
#include "rules/stored_kind.h"

namespace isoaudit::rules {
namespace {

using model::EvidenceKind;
using model::PythonType;
using model::RunsWhen;
using model::StoredValue;
using model::Variable;
using model::Write;
using model::WriteKind;

bool happens_only(const std::vector<model::Reached>& reached, std::initializer_list<RunsWhen> times) {
  return !reached.empty() && std::ranges::all_of(reached, [&](const model::Reached& row) {
    return std::ranges::find(times, row.when) != times.end();
  });
}

/// Why this one write meets no other interpreter; empty when it may.
std::string meets_nobody(const Write& write) {
  if (!write.guard.empty()) return fmt::format("guarded ({})", write.guard);
  const std::string_view when = when_alone(write.reached);
  if (when.empty() || nothing_leads_to(write.reached)) return std::string(when);
  return fmt::format("made {}", when);
}

/// The same value from every interpreter.
std::string stores_one_value(const std::vector<Write>& all) {
  const Write& first = all.front();
  for (const Write& write : all) {
    // Of several stores to members that are not told apart, one may lie in the other.
    const bool stores = write.kind == WriteKind::assignment ||
                        (write.kind == WriteKind::member && (all.size() == 1 || !write.part.empty()));
    if (!stores || write.value != first.value || write.stored != first.stored || write.callee != first.callee) {
      return {};
    }
  }
  const char* writes = all.size() == 1 ? "its only write stores" : "its writes store";
  const bool known = first.value == StoredValue::constant || first.value == StoredValue::static_address ||
                     first.value == StoredValue::immortal;
  if (known && !first.stored.empty()) return fmt::format("{} the same value in every interpreter", writes);
  if (first.value == StoredValue::call && is_pure_probe(first.callee)) {
    return fmt::format("{} what {}() answers, the same in every interpreter", writes, first.callee);
  }
  return {};
}

/// Not of the variable, but of the memory that it points to.
bool behind(const Write& write) { return write.kind == WriteKind::pointee; }

/// To code that may write it and is not seen to. What gets an address from CPython's own functions has a purpose:
/// PyType_Ready() fills the type.
bool passed_on(const Write& write) {
  return write.kind == WriteKind::address_passed && !model::is_c_api_name(write.callee);
}

/// What is no object and yet one interpreter's: memory of its allocator or of its objects, a number that it gave out.
bool belongs_to_one_interpreter(const Variable& variable) {
  return std::ranges::any_of(variable.writes, [](const Write& write) {
    if (write.value != StoredValue::call) return false;
    const VariableKind kind = kind_of_result(write.callee);
    return kind == VariableKind::pymem_block || kind == VariableKind::borrowed_text ||
           kind == VariableKind::registration;
  });
}

/// Members that are written one by one, each with its writes; all in one where they may overlap.
std::vector<std::vector<Write>> by_part(const std::vector<Write>& all) {
  std::map<std::string, std::vector<Write>> parts;
  for (const Write& write : all) parts[write.part + "."].push_back(write);
  std::vector<std::vector<Write>> apart;
  const std::string* before = nullptr;
  for (const auto& [part, writes] : parts) {
    // What holds others comes right before them.
    const bool overlap = before != nullptr && part.starts_with(*before);
    if (overlap) {
      std::vector<Write> together = all;
      for (Write& write : together) write.part.clear();
      return {together};
    }
    before = &part;
    apart.push_back(writes);
  }
  return apart;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += i + 1 == parts.size() ? " and " : ", ";
    text += parts[i];
  }
  return text;
}

}  // namespace

bool nothing_leads_to(const std::vector<model::Reached>& times) { return happens_only(times, {RunsWhen::never}); }

std::string_view when_alone(const std::vector<model::Reached>& times) {
  using enum RunsWhen;
  if (nothing_leads_to(times)) return time_words(never);
  if (happens_only(times, {never, static_initialiser})) return "when the library is loaded";
  if (happens_only(times, {never, static_initialiser, process})) {
    return "only where Python starts or ends for the whole process";
  }
  if (happens_only(times, {never, static_initialiser, process, main_interpreter})) {
    return "in the main interpreter alone";
  }
  return {};
}

const char* time_words(RunsWhen when) {
  switch (when) {
    case RunsWhen::never: return "in code that nothing leads to";
    case RunsWhen::static_initialiser: return "when the library is loaded";
    case RunsWhen::process: return "at the start or end of the process";
    case RunsWhen::main_interpreter: return "in the main interpreter alone";
    case RunsWhen::hook: return "in the module hook";
    case RunsWhen::exec: return "at every import";
    case RunsWhen::call: return "in calls";
    case RunsWhen::finalise: return "when a module ends";
  }
  return "";
}

model::Because reason_of_way(const model::Reached& way) {
  return {model::EvidenceKind::source, fmt::format("called {}: {}", time_words(way.when), way.path), {}};
}

std::string explain_writes(const std::vector<std::vector<Write>>& words, bool objects) {
  const auto all_of_them = [&](const auto& fits) {
    return std::ranges::all_of(words, [&](const auto& writes) { return std::ranges::all_of(writes, fits); });
  };
  if (all_of_them([](const Write& write) { return nothing_leads_to(write.reached); })) {
    return "nothing leads to the code that writes it";
  }
  // No lock and no sameness helps an object: it belongs to one interpreter, whoever writes the pointer.
  if (objects) return {};
  std::set<std::string> reasons;
  for (const auto& writes : words) {
    for (const Write& write : writes) reasons.insert(meets_nobody(write));
  }
  if (!reasons.contains("")) return "every write is " + joined({reasons.begin(), reasons.end()});
  std::string same;
  for (const auto& writes : words) {
    same = stores_one_value(writes);
    if (same.empty()) return {};
  }
  return same;
}

std::string explain_writes(const Variable& variable) {
  const bool object = variable.python_type != PythonType::none || belongs_to_one_interpreter(variable);
  if (!variable.writes.empty()) return explain_writes(by_part(variable.writes), object);
  // A table that is filled where it is defined and handed round by its address; an empty buffer is meant to be filled.
  return !object && variable.has_initialiser ? "nothing is seen to write it, its address is kept elsewhere" : "";
}

std::string written_by(const Variable& variable) {
  std::set<std::string> functions;
  std::set<RunsWhen> times;
  const bool only_behind = std::ranges::all_of(variable.writes, behind);
  const bool only_passed = std::ranges::all_of(variable.writes, passed_on);
  for (const Write& write : variable.writes) {
    if (!write.where.function.empty()) {
      functions.insert(in_users_words(variable.generator, write.where.function + "()"));
    }
    for (const model::Reached& reached : write.reached) times.insert(reached.when);
  }
  if (functions.empty()) return "";
  std::vector<std::string> names;
  for (const std::string& function : functions) {
    if (names.size() == 3) {
      names.push_back(fmt::format("{} more", functions.size() - names.size()));
      break;
    }
    names.push_back(function);
  }
  times.erase(RunsWhen::never);
  std::vector<std::string> when;
  for (const RunsWhen time : times) when.emplace_back(time_words(time));
  const char* how = only_behind   ? ", what it points to is written by "
                    : only_passed ? ", its address is passed on by "
                                  : ", written by ";
  return how + joined(names) + (when.empty() ? "" : ", " + joined(when));
}

void add_writes(const Variable& variable, model::Finding& finding) {
  constexpr std::size_t shown_writes = 8;
  std::map<RunsWhen, std::string> paths;
  for (std::size_t i = 0; i < variable.writes.size(); ++i) {
    const Write& write = variable.writes[i];
    for (const model::Reached& reached : write.reached) {
      if (!reached.path.empty()) paths.try_emplace(reached.when, reached.path);
    }
    if (i >= shown_writes) continue;
    std::string text;
    if (write.kind == WriteKind::by_callee) {
      text = fmt::format("{}() writes through the address that {}() gives it", write.callee, write.where.function);
    } else if (write.kind == WriteKind::address_passed) {
      text = write.callee.empty() ? fmt::format("{}() calls a pointer with its address", write.where.function)
                                  : fmt::format("its address goes to {}()", write.callee);
    } else if (write.value == StoredValue::call && !write.callee.empty()) {
      text = fmt::format("{}() stores the result of {}(){}", write.where.function, write.callee,
                         behind(write) ? " in what it points to" : "");
    } else if (write.value == StoredValue::static_address && !write.stored.empty() && !behind(write)) {
      text = fmt::format("{}() stores the address of `{}`", write.where.function, write.stored);
    } else if (behind(write)) {
      text = fmt::format("{}() writes what it points to", write.where.function);
    } else {
      text = fmt::format("{}() writes it", write.where.function);
    }
    finding.because.push_back({EvidenceKind::source, std::move(text), write.where});
  }
  if (variable.writes.size() > shown_writes) {
    finding.because.push_back(
        {EvidenceKind::source, fmt::format("and {} more writes", variable.writes.size() - shown_writes), {}});
  }
  for (const auto& [when, path] : paths) {
    finding.because.push_back({EvidenceKind::source, fmt::format("written {}: {}", time_words(when), path), {}});
  }
}

}  // namespace isoaudit::rules
