// What the sources say of a variable, as findings of the rules of group B.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>

#include "rules/generated.h"
#include "rules/stored_kind.h"
#include "rules/variables.h"
#include "rules/written.h"

namespace isoaudit::rules {
namespace {

using model::EvidenceKind;
using model::Facts;
using model::Finding;
using model::PythonType;
using model::Status;
using model::Storage;
using model::Variable;
using model::Write;
using model::WriteKind;

/// The same variable among the compiled module's symbols.
void add_symbol(const Facts& facts, const Variable& variable, Finding& finding) {
  for (const model::BinaryFacts& binary : facts.binaries) {
    if (binary.module != finding.module) continue;
    for (const model::StaticObject& object : binary.static_objects) {
      if (object.symbol != variable.linkage_name && plain_symbol(object.symbol) != variable.name) continue;
      if (!object.unit.empty() && file_name(object.unit) != file_name(variable.unit)) continue;
      finding.because.push_back(
          {EvidenceKind::binary,
           fmt::format("symbol `{}` in {} ({} bytes)", object.symbol, object.section, object.size),
           {}});
    }
  }
}

std::string storage_words(const Variable& variable) {
  if (variable.is_thread_local) return "thread-local";
  switch (variable.storage) {
    case Storage::function_local: return "static local of " + variable.where.function + "()";
    case Storage::class_member: return "static member";
    case Storage::file_scope: return variable.linkage == model::Linkage::external ? "global" : "static";
  }
  return "static";
}

/// Of a global that Cython made of the user's: the first line of the user's own file that writes it.
model::Location users_place(const Variable& variable) {
  if (variable.generator.empty()) return variable.where;
  const model::Location* first = nullptr;
  for (const Write& write : variable.writes) {
    const bool users = write.where.file != variable.where.file && write.where.column == 0 && write.where.line != 0;
    if (users && (first == nullptr || write.where < *first)) first = &write.where;
  }
  return first == nullptr ? variable.where : *first;
}

Held held_by(const Variable& variable) {
  if (variable.python_type != PythonType::none) return Held::object;
  // A typedef of Cython's hides the number: "__pyx_t_5numpy_int64_t".
  const bool is_one = variable.canonical_type.find('[') == std::string::npos;
  return is_one && is_number_type(variable.canonical_type) ? Held::number : Held::memory;
}

/// The static object that it points to from the start, or that all its writes make it point to; empty for any other.
std::string handed_object(const Variable& variable) {
  if (variable.writes.empty()) return variable.holds_static;
  const std::string& first = variable.writes.front().stored;
  const bool is_pointer =
      variable.python_type == PythonType::type_pointer || variable.python_type == PythonType::object_pointer;
  const bool always = std::ranges::all_of(variable.writes, [&](const Write& write) {
    return write.kind == WriteKind::assignment && write.value == model::StoredValue::static_address &&
           write.stored == first;
  });
  return is_pointer && always ? first : "";
}

Finding finding_for(const Variable& variable, const UnitLinks& links, model::Severity severity,
                    const VariableWords& words) {
  Finding finding;
  finding.subject = {variable.name, variable.linkage_name, variable.unit, ""};
  finding.module = links.primary_module(variable.unit);
  finding.where = users_place(variable);
  finding.severity = severity;
  const std::string handed = handed_object(variable);
  finding.status = handed.empty() &&
                           std::ranges::all_of(variable.writes,
                                               [](const Write& w) { return w.kind == WriteKind::address_passed; }) &&
                           variable.python_type != PythonType::static_type &&
                           variable.python_type != PythonType::static_object && variable.initialiser_callee.empty()
                       ? Status::possible
                       : Status::likely;
  finding.message =
      fmt::format("`{}` ({}, {}) {}{}", users_name(variable.generator, variable.qualified_name), variable.type,
                  storage_words(variable),
                  handed.empty() ? words.harm : fmt::format("hands the static object `{}` to all interpreters", handed),
                  written_by(variable));
  finding.fix = users_fix(variable.generator, users_name(variable.generator, variable.name), held_by(variable));
  if (finding.fix.empty()) {
    finding.fix = fmt::format(fmt::runtime(words.fix), variable.name);
    finding.fix_of_many = words.fix_of_many;
  } else {
    finding.fix_of_many = users_fix_of_many(variable.generator, held_by(variable));
  }

  if (const std::string why = explain_writes(variable); !why.empty()) {
    finding.severity = model::Severity::advice;
    finding.message += "; " + why;
  }
  finding.because.push_back(
      {EvidenceKind::source, fmt::format("defined as `{} {}`", variable.type, variable.name), variable.where});
  add_writes(variable, finding);
  for (model::Because& because : finding.because) because.text = in_users_words(variable.generator, because.text);
  return finding;
}

bool generated_name(const Variable& variable) {
  if (variable.generator.empty()) return false;
  // Other generators write whole files, in which nothing is their user's.
  if (variable.generator != "cython" && variable.generator != "swig") return true;
  if (variable.generator == "cython" && is_library_of(variable.generator, users_place(variable).file)) return true;
  // Cython's type objects of `cdef public` classes go by the user's names, and no other file defines them.
  if (variable.generator == "cython" && variable.python_type == PythonType::static_type &&
      variable.linkage == model::Linkage::external) {
    return true;
  }
  // A static of a function is whose the function is.
  const bool is_local = variable.storage == Storage::function_local;
  return is_generators_own(variable.generator, variable.name) ||
         (is_local && is_generators_own(variable.generator, variable.where.function));
}

std::string some_names(const std::vector<const Variable*>& variables) {
  constexpr std::size_t shown = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(shown, variables.size()); ++i) {
    text += (i > 0 ? ", `" : "`") + variables[i]->name + "`";
  }
  if (variables.size() > shown) text += fmt::format(" and {} more", variables.size() - shown);
  return text;
}

/// Of one unit, generator and severity: what a generator keeps for itself. Harmless ones by themselves: they shall
/// neither hide the others nor be counted with them.
using GeneratedKey = std::tuple<std::string, std::string, model::Severity>;

/// Of one file and macro, in many functions: one name, one cause, one place to mend it.
using MacroKey = std::tuple<std::string, std::string, std::string, model::Severity>;

struct Members {
  std::vector<const Variable*> variables{};
  Status status = Status::possible;
};

Finding generated_finding(const GeneratedKey& key, const Members& members, const UnitLinks& links,
                          const VariableWords& words) {
  const auto& [unit, generator, how_bad] = key;
  const std::vector<const Variable*>& variables = members.variables;
  const Variable& first = *variables.front();
  Finding finding = finding_for(first, links, how_bad, words);
  finding.severity = how_bad;
  finding.status = members.status;
  const bool is_only = variables.size() == 1;
  // What others see of a single one meets it under its own name.
  if (!is_only) finding.subject = {statics_of(generator), "", unit, ""};
  finding.generator = generator;
  finding.message = is_only ? fmt::format("`{}`, which {} generates, {}", first.name, generator, words.harm)
                            : fmt::format("{} of the statics that {} generates here: each {}", variables.size(),
                                          generator, words.harm);
  finding.fix = generator_fix(generator);
  finding.fix_of_many.clear();
  // Which of the user's lines happens to write the first of them says nothing.
  finding.where = first.where;
  finding.because = {{EvidenceKind::source,
                      is_only ? fmt::format("defined as `{} {}`", first.type, first.name) : some_names(variables),
                      first.where}};
  return finding;
}

Finding macro_finding(const Members& members, const UnitLinks& links, model::Severity severity,
                      const VariableWords& words) {
  constexpr std::size_t shown = 8;
  const Variable& first = *members.variables.front();
  Finding finding = finding_for(first, links, severity, words);
  finding.status = members.status;
  finding.message = fmt::format("`{}` ({}), a static local that the macro {} makes in {} functions, {}", first.name,
                                first.type, first.macro, members.variables.size(), words.harm);
  finding.fix = fmt::format("in {}: {}", first.macro, finding.fix);
  finding.because.clear();
  for (const Variable* variable : members.variables) {
    if (finding.because.size() == shown) {
      finding.because.push_back(
          {EvidenceKind::source, fmt::format("and in {} more functions", members.variables.size() - shown), {}});
      break;
    }
    finding.because.push_back(
        {EvidenceKind::source,
         fmt::format("defined as `{} {}` in {}()", variable->type, variable->name, variable->where.function),
         variable->where});
  }
  return finding;
}

}  // namespace

std::vector<Finding> source_findings(const Facts& facts, VariableKind kind, model::Severity severity,
                                     const VariableWords& words) {
  const UnitLinks links(facts);
  std::vector<Finding> findings;
  std::map<GeneratedKey, Members> generated;
  std::map<MacroKey, Members> made_by_macro;
  const auto join = [](Members& members, const Variable& variable, Status status) {
    members.variables.push_back(&variable);
    members.status = std::min(members.status, status);
  };
  for (const Variable& variable : facts.source.variables) {
    if (classify(variable) != kind) continue;
    Finding finding = finding_for(variable, links, severity, words);
    if (generated_name(variable)) {
      join(generated[{variable.unit, variable.generator, finding.severity}], variable, finding.status);
      continue;
    }
    if (!variable.macro.empty()) {
      join(made_by_macro[{variable.where.file, variable.macro, variable.name, finding.severity}], variable,
           finding.status);
      continue;
    }
    findings.push_back(std::move(finding));
    add_symbol(facts, variable, findings.back());
  }
  for (const auto& [key, members] : made_by_macro) {
    const Variable& first = *members.variables.front();
    const bool is_only = members.variables.size() == 1;
    findings.push_back(is_only ? finding_for(first, links, severity, words)
                               : macro_finding(members, links, severity, words));
    if (is_only) add_symbol(facts, first, findings.back());
  }
  for (const auto& [key, members] : generated) findings.push_back(generated_finding(key, members, links, words));
  return findings;
}

}  // namespace isoaudit::rules
