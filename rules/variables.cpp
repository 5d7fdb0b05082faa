#include "rules/variables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "rules/harmless.h"
#include "rules/stored_kind.h"
#include "rules/writers_text.h"

namespace isoaudit::rules {
namespace {

using model::EvidenceKind;
using model::Facts;
using model::Finding;
using model::PythonType;
using model::SharedObject;
using model::Status;
using model::Storage;
using model::StoredValue;
using model::Variable;
using model::Write;

/// The most telling of the results that it keeps.
VariableKind kind_of_results(const Variable& variable) {
  VariableKind kind = kind_of_result(variable.initialiser_callee);
  for (const Write& write : variable.writes) {
    if (write.value == StoredValue::call) kind = std::min(kind, kind_of_result(write.callee));
    if (is_own_module(write.value, write.stored, write.reached)) kind = std::min(kind, VariableKind::module_pointer);
  }
  return kind;
}

/// What a result of that kind says of a variable that may hold no object.
bool keeps_object(VariableKind kind) {
  return kind != VariableKind::pymem_block && kind != VariableKind::capsule_api &&
         kind != VariableKind::borrowed_text && kind != VariableKind::registration;
}

/// A type's end puts the object itself there.
bool is_free_list(const Variable& variable) {
  for (const char* name : {"free_list", "freelist", "FreeList"}) {
    if (variable.name.find(name) != std::string::npos) return true;
  }
  return std::ranges::any_of(variable.writes, [](const Write& write) {
    return write.value == StoredValue::parameter && std::ranges::any_of(write.reached, [](const model::Reached& row) {
             return row.path.starts_with("tp_dealloc of ") || row.path.starts_with("tp_free of ");
           });
  });
}

bool named_as_exception(const std::string& name) { return name.ends_with("Error") || name.ends_with("Exception"); }

VariableKind kind_of(const SharedObject& object) {
  if (object.kind == SharedObject::Kind::block) return VariableKind::pymem_block;
  if (is_thread_local_section(object.section)) return VariableKind::thread_local_object;
  if (object.kind == SharedObject::Kind::is_static) {
    return object.is_type ? VariableKind::static_type : VariableKind::static_instance;
  }
  // A member of a type that the run never came across: its dictionary, its bases.
  const auto readied = [](const model::WritingFunction& writer) { return fills_a_type(writer.through); };
  if (object.kind == SharedObject::Kind::holds && std::ranges::any_of(object.by, readied)) {
    return VariableKind::static_type;
  }
  if (object.is_exception) return VariableKind::exception;
  if (object.is_type) return VariableKind::heap_type_pointer;
  if (object.type_name == "str") return VariableKind::string_cache;
  return VariableKind::object_cache;
}

/// "a dict", but "type 'demo.Point'": the description already says what it is.
std::string object_text(const SharedObject& object) {
  if (object.is_type || object.is_exception || object.is_module) return object.description;
  const bool vowel = !object.description.empty() &&
                     std::string_view("aeiou").find(object.description.front()) != std::string_view::npos;
  return (vowel ? "an " : "a ") + object.description;
}

const char* verb(SharedObject::Kind kind) {
  switch (kind) {
    case SharedObject::Kind::is_static: return "is";
    case SharedObject::Kind::leads_to: return "leads to";
    case SharedObject::Kind::holds:
    case SharedObject::Kind::block:
    case SharedObject::Kind::common: break;
  }
  return "holds";
}

/// A static type without a symbol goes by its own name, everything else by symbol or address.
std::string place_name(const SharedObject& object) {
  if (object.kind == SharedObject::Kind::common) return object.symbol.empty() ? object.description : object.symbol;
  if (object.symbol.empty() && object.kind == SharedObject::Kind::is_static && object.is_type) {
    const std::size_t quote = object.description.find('\'');
    const std::size_t end = object.description.rfind('\'');
    if (quote < end) return object.description.substr(quote + 1, end - quote - 1);
  }
  return shown_name(object.symbol, address_text(object.library, object.section, object.offset));
}

std::string owners_text(const SharedObject& object) {
  if (object.owners.empty()) return "";
  if (object.owners.size() == 1) return fmt::format(" of interpreter {}", object.owners.front());
  std::string text = " seen in interpreters ";
  for (std::size_t i = 0; i < object.owners.size(); ++i) {
    if (i > 0) text += i + 1 == object.owners.size() ? " and " : ", ";
    text += std::to_string(object.owners[i]);
  }
  return text;
}

Finding run_finding(const model::RunFacts& run, const model::Phase& phase, const SharedObject& object,
                    model::Severity severity, const VariableWords& words) {
  const bool has_place = object.kind != SharedObject::Kind::common;
  const bool behind = object.kind == SharedObject::Kind::leads_to;
  Finding finding;
  const std::string address = has_place ? address_text(object.library, object.section, object.offset) : "";
  const std::string shown = place_name(object);
  finding.subject = {object.symbol.empty() && shown != address ? shown : short_name(object.symbol), object.linkage_name,
                     "", address};
  if (!has_place) finding.subject.name = shown;
  finding.module = run.module;
  finding.where.file = run.path;
  finding.severity = severity;
  finding.status = behind ? Status::possible : Status::confirmed;
  finding.pythons = {run.python};
  finding.message = behind ? fmt::format("`{}` leads every interpreter to what one of them owns", shown)
                           : fmt::format("`{}` {}", shown, words.harm);
  finding.fix = fmt::format(fmt::runtime(words.fix), shown);
  finding.fix_of_many = words.fix_of_many;
  std::string more;
  if (object.kind == SharedObject::Kind::is_static) more = ", inside the module's own memory";
  if (behind) more = ", and to nothing of another one that has the module";
  finding.because.push_back(
      {EvidenceKind::runtime,
       fmt::format("Python {} ({}): {}{}{}{}{}", run.python, to_string(phase.level), shared_text(object),
                   owners_text(object), more, object.replaced.empty() ? "" : ", where it replaced " + object.replaced,
                   writers_text(object.by)),
       {}});
  return finding;
}

}  // namespace

std::string plain_symbol(const std::string& symbol) {
  // Demanglers put what compilers add to a mangled name behind it: "demo::CACHE (.llvm.77058)".
  if (const std::size_t added = symbol.find(" (."); symbol.ends_with(')') && added != std::string::npos) {
    return symbol.substr(0, added);
  }
  // C++ mangled names keep their dots out; a C symbol's dots are the compiler's.
  if (symbol.starts_with("_Z")) return symbol.substr(0, symbol.find('.'));
  std::string name = symbol;
  while (true) {
    const std::size_t dot = name.rfind('.');
    if (dot == std::string::npos || dot == 0) return name;
    const std::string tail = name.substr(dot + 1);
    const bool number =
        !tail.empty() && std::ranges::all_of(tail, [](unsigned char c) { return std::isdigit(c) != 0; });
    if (number || tail == "lto_priv" || tail == "llvm" || tail == "constprop" || tail == "part") {
      name.resize(dot);
    } else {
      // Clang names a function's static "function.variable".
      return tail;
    }
  }
}

std::string address_text(const std::string& library, const std::string& section, std::uint64_t offset) {
  return fmt::format("{}{}{}+{:#x}", library, library.empty() ? "" : ":", section, offset);
}

std::string shown_name(const std::string& symbol, const std::string& address) {
  const std::string name = plain_symbol(symbol);
  return name.empty() ? address : name;
}

std::string short_name(const std::string& symbol) {
  std::string name = plain_symbol(symbol);
  int depth = 0;
  for (std::size_t i = name.size(); i-- > 1;) {
    if (name[i] == '>' || name[i] == ')') ++depth;
    if (name[i] == '<' || name[i] == '(') --depth;
    if (depth == 0 && name[i] == ':' && name[i - 1] == ':') return name.substr(i + 1);
  }
  return name;
}

std::string shared_text(const SharedObject& object) {
  if (object.kind == SharedObject::Kind::common) {
    return object.symbol.empty() ? object_text(object) + " is one object for several interpreters"
                                 : fmt::format("`{}` is one object for several interpreters", object.symbol);
  }
  const std::string place = shown_name(object.symbol, address_text(object.library, object.section, object.offset));
  return fmt::format("`{}` {} {}", place, verb(object.kind), object_text(object));
}

bool is_thread_local_section(const std::string& section) {
  return section.starts_with(".tbss") || section.starts_with(".tdata") || section.find("thread") != std::string::npos;
}

VariableKind classify(const Variable& v) {
  if (!harmless_reason(v).empty()) return VariableKind::harmless;
  if (is_definition_table(v)) return VariableKind::definition_table;
  if (v.canonical_type.starts_with("Py_buffer")) return VariableKind::borrowed_text;
  const VariableKind stored = kind_of_results(v);
  switch (v.python_type) {
    case PythonType::static_type: return VariableKind::static_type;
    case PythonType::state_pointer: return VariableKind::thread_state;
    case PythonType::static_object: return VariableKind::static_instance;
    case PythonType::none:
      if (!keeps_object(stored)) return stored;
      return v.has_dynamic_init && !v.is_thread_local ? VariableKind::cxx_container : VariableKind::plain;
    case PythonType::object_pointer:
    case PythonType::type_pointer:
    case PythonType::wrapper: break;
  }
  if (v.is_thread_local) return VariableKind::thread_local_object;
  if (stored == VariableKind::exception ||
      (v.python_type == PythonType::object_pointer && named_as_exception(v.name))) {
    return VariableKind::exception;
  }
  if (v.python_type == PythonType::type_pointer || stored == VariableKind::heap_type_pointer) {
    return VariableKind::heap_type_pointer;
  }
  if (v.storage == Storage::function_local) return VariableKind::local_object;
  if (is_free_list(v)) return VariableKind::free_list;
  if (v.python_type == PythonType::wrapper && v.has_dynamic_init) return VariableKind::cxx_object;
  if (stored == VariableKind::module_object) return stored;
  if (stored == VariableKind::string_cache || stored == VariableKind::module_pointer) return stored;
  return VariableKind::object_cache;
}

std::vector<Finding> static_type_findings(const Facts& facts, model::Severity severity, const VariableWords& words) {
  std::vector<Finding> findings;
  for (const model::BinaryFacts& binary : facts.binaries) {
    for (const model::StaticObject& object : binary.static_objects) {
      if (object.kind != model::StaticObject::Kind::type) continue;
      Finding finding;
      const std::string address = address_text("", object.section, object.offset);
      // A stripped file has no symbols: the type's own name stands for it.
      const bool stripped = object.symbol.empty() || object.symbol == object.type_name;
      const std::string shown = stripped ? object.type_name : plain_symbol(object.symbol);
      finding.subject = {stripped ? object.type_name : short_name(object.symbol), stripped ? "" : object.symbol,
                         object.unit, address};
      finding.module = binary.module;
      finding.where.file = binary.path;
      finding.severity = severity;
      finding.status = Status::likely;
      finding.message = fmt::format("`{}` {}", shown, words.harm);
      finding.fix = fmt::format(fmt::runtime(words.fix), shown);
      finding.fix_of_many = words.fix_of_many;
      finding.because.push_back(
          {EvidenceKind::binary, fmt::format("static type '{}' at {}", object.type_name, address), {}});
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

std::vector<Finding> run_findings(const Facts& facts, VariableKind kind, model::Severity severity,
                                  const VariableWords& words) {
  std::vector<Finding> findings;
  for (const model::RunFacts& run : facts.runs) {
    for (const model::Phase& phase : run.phases) {
      for (const std::vector<SharedObject>* objects : {&phase.shared, &phase.behind}) {
        for (const SharedObject& object : *objects) {
          // CPython itself hands a single-phase module's things to all: that is m-copy-sharing.
          if (object.kind == SharedObject::Kind::common && phase.level == model::Level::forced) continue;
          if (kind_of(object) == kind) findings.push_back(run_finding(run, phase, object, severity, words));
        }
      }
    }
  }
  return findings;
}

}  // namespace isoaudit::rules
