#include "analyzer/source/slots.h"

#include <clang/AST/DeclCXX.h>

#include "analyzer/source/storage.h"
#include "analyzer/source/values.h"

namespace isoaudit::analyzer {
namespace {

using model::SlotKind;

constexpr unsigned slot_is_optional = 1;  // PySlot_OPTIONAL, Include/slots.h
constexpr unsigned max_nesting = 5;       // Python/slots.c, 3.15

const clang::InitListExpr* semantic(const clang::Expr* init) {
  const auto* list = llvm::dyn_cast_or_null<clang::InitListExpr>(strip(init));
  if (list == nullptr) return nullptr;
  return list->isSemanticForm() ? list : list->getSemanticForm();
}

/// The value that `list` gives a field of its struct; null when it gives none.
const clang::Expr* field_value(const clang::InitListExpr* list, llvm::StringRef name) {
  const clang::RecordDecl* record = list->getType()->getAsRecordDecl();
  if (record == nullptr) return nullptr;
  if (record->isUnion()) return list->getNumInits() != 0 ? list->getInit(0) : nullptr;
  for (const clang::FieldDecl* field : record->fields()) {
    if (field->getName() == name && field->getFieldIndex() < list->getNumInits()) {
      return list->getInit(field->getFieldIndex());
    }
  }
  return nullptr;
}

/// Of a PySlot the value is whichever member of its last union is initialised.
const clang::Expr* py_slot_value(const clang::InitListExpr* entry) {
  if (entry->getNumInits() == 0) return nullptr;
  const clang::Expr* last = entry->getInit(entry->getNumInits() - 1);
  const auto* payload = llvm::dyn_cast<clang::InitListExpr>(last);
  if (payload == nullptr || !payload->getType()->isUnionType() || entry->getNumInits() < 4) return nullptr;
  return payload->getNumInits() != 0 ? payload->getInit(0) : nullptr;
}

}  // namespace

const clang::InitListExpr* initialiser_list(const clang::VarDecl* variable) {
  return variable == nullptr ? nullptr : semantic(variable->getAnyInitializer());
}

const clang::VarDecl* pointed_variable(const clang::Expr* expression) {
  expression = strip(expression);
  for (;;) {
    if (const auto* unary = llvm::dyn_cast_or_null<clang::UnaryOperator>(expression);
        unary != nullptr && unary->getOpcode() == clang::UO_AddrOf) {
      expression = strip(unary->getSubExpr());
    } else if (const auto* element = llvm::dyn_cast_or_null<clang::ArraySubscriptExpr>(expression)) {
      expression = strip(element->getBase());
    } else {
      break;
    }
  }
  const auto* reference = llvm::dyn_cast_or_null<clang::DeclRefExpr>(expression);
  return reference == nullptr ? nullptr : llvm::dyn_cast<clang::VarDecl>(reference->getDecl());
}

void SlotReader::undetermined(const std::string& reason) {
  declaration_.multiple_interpreters = model::MultipleInterpreters::undetermined;
  declaration_.gil = model::GilUse::undetermined;
  if (declaration_.undetermined_reason.empty()) declaration_.undetermined_reason = reason;
}

void SlotReader::invalid(const std::string& why) {
  if (declaration_.invalid.empty()) declaration_.invalid = why;
}

std::string SlotReader::run_time_store(const clang::VarDecl* variable) const {
  const auto found = uses_.find(identity(variable));
  if (found == uses_.end()) return {};
  std::vector<model::Write> writes = found->second.writes;
  for (const Passed& passed : found->second.passed) {
    // A helper that gets the address hands it on to PyModuleDef_Init; only the copying functions of libc store.
    if (passed.write.callee.starts_with("mem")) writes.push_back(passed.write);
  }
  for (const model::Write& write : writes) {
    return write.where.file + ":" + std::to_string(write.where.line);
  }
  return {};
}

std::optional<std::int64_t> SlotReader::integer(const clang::Expr* value) const {
  if (value == nullptr || value->isValueDependent()) return std::nullopt;
  clang::Expr::EvalResult result;
  if (!value->EvaluateAsRValue(result, ast_)) return std::nullopt;
  if (result.Val.isInt()) return result.Val.getInt().getExtValue();
  // (void *)2: no base, only an offset.
  if (!result.Val.isLValue() || !result.Val.getLValueBase().isNull()) return std::nullopt;
  return result.Val.getLValueOffset().getQuantity();
}

void SlotReader::read_state_size(const clang::VarDecl* definition) {
  const clang::InitListExpr* list = initialiser_list(definition);
  if (list == nullptr) return;
  const clang::Expr* size = field_value(list, "m_size");
  declaration_.state_size = size == nullptr ? 0 : integer(size);
}

void SlotReader::read_definition(const clang::VarDecl* definition) {
  const clang::InitListExpr* list = initialiser_list(definition);
  const std::string name = definition->getNameAsString();
  if (list == nullptr) {
    const std::string store = run_time_store(definition);
    undetermined(store.empty() ? name + " is defined in another unit" : name + " is built at run time (" + store + ")");
    return;
  }
  read_state_size(definition);
  const auto is_set = [&](llvm::StringRef field) {
    const clang::Expr* value = field_value(list, field);
    return value != nullptr && !llvm::isa<clang::ImplicitValueInitExpr>(value) && !is_null(value);
  };
  declaration_.has_traverse = is_set("m_traverse");
  declaration_.has_clear = is_set("m_clear");
  declaration_.has_free = is_set("m_free");
  if (is_set("m_slots")) read_slots(field_value(list, "m_slots"), 0);
  if (const std::string store = run_time_store(definition); !store.empty()) {
    undetermined(name + " is changed at run time (" + store + ")");
  }
  if (declaration_.state_size.value_or(0) < 0) invalid("m_size may not be negative for multi-phase initialization");
}

void SlotReader::read_slots(const clang::Expr* slots) { read_slots(slots, 0); }

void SlotReader::read_slots(const clang::Expr* slots, unsigned depth) {
  if (const auto* literal = llvm::dyn_cast_or_null<clang::CompoundLiteralExpr>(strip(slots))) {
    if (const clang::InitListExpr* array = semantic(literal->getInitializer())) {
      read_array(array, depth);
      return;
    }
  }
  const clang::VarDecl* variable = pointed_variable(slots);
  if (variable == nullptr) {
    undetermined("the slots are no constant array");
    return;
  }
  const std::string name = variable->getNameAsString();
  const std::string store = run_time_store(variable);
  if (!store.empty()) {
    undetermined(name + " is built at run time (" + store + ")");
    return;
  }
  const clang::InitListExpr* array = initialiser_list(variable);
  if (array == nullptr || !variable->getType()->isArrayType()) {
    undetermined(name + " has no initialiser in this unit");
    return;
  }
  read_array(array, depth);
}

std::optional<SlotReader::Slot> SlotReader::read_slot(const clang::InitListExpr* entry) const {
  const clang::RecordDecl* record = entry->getType()->getAsRecordDecl();
  if (record == nullptr) return std::nullopt;
  const bool is_py_slot = record->getName() == "PySlot";
  Slot slot;
  slot.where = entry->getBeginLoc();
  const std::optional<std::int64_t> id = integer(field_value(entry, is_py_slot ? "sl_id" : "slot"));
  if (!id) return std::nullopt;
  slot.id = static_cast<unsigned>(*id);
  if (is_py_slot) slot.flags = static_cast<unsigned>(integer(field_value(entry, "sl_flags")).value_or(0));
  slot.value = is_py_slot ? py_slot_value(entry) : field_value(entry, "value");
  return slot;
}

void SlotReader::read_array(const clang::InitListExpr* array, unsigned depth) {
  if (depth > max_nesting) {
    invalid("slots are nested too deeply");
    return;
  }
  for (const clang::Expr* element : array->inits()) {
    const auto* entry = semantic(element);
    if (entry == nullptr) return;  // the zero filler ends the table
    const std::optional<Slot> slot = read_slot(entry);
    if (!slot) {
      undetermined("a slot's id is no constant");
      return;
    }
    if (slot->id == 0) return;
    apply(*slot, depth, entry->getType()->getAsRecordDecl()->getName() == "PySlot");
  }
}

void SlotReader::apply(const Slot& slot, unsigned depth, bool is_py_slot) {
  const auto once = [&](bool& seen, const char* name) {
    if (seen) invalid(std::string("more than one ") + name + " slot");
    seen = true;
  };
  switch (model::slot_kind(version_, slot.id)) {
    case SlotKind::multiple_interpreters: {
      once(seen_multiple_, "Py_mod_multiple_interpreters");
      deciding_slot_ = slot.where;
      const std::optional<std::int64_t> value = integer(slot.value);
      if (!value) {
        undetermined("the value of Py_mod_multiple_interpreters is no constant");
      } else if (declaration_.multiple_interpreters != model::MultipleInterpreters::undetermined) {
        // The runtime compares with 0 and 2 only: every other value means what 1 means.
        declaration_.multiple_interpreters = *value == 0   ? model::MultipleInterpreters::not_supported
                                             : *value == 2 ? model::MultipleInterpreters::per_interpreter_gil
                                                           : model::MultipleInterpreters::supported;
      }
      return;
    }
    case SlotKind::gil: {
      once(seen_gil_, "Py_mod_gil");
      const std::optional<std::int64_t> value = integer(slot.value);
      declaration_.gil = !value        ? model::GilUse::undetermined
                         : *value == 1 ? model::GilUse::not_used
                                       : model::GilUse::used;
      return;
    }
    case SlotKind::exec:
      ++declaration_.exec_slots;
      if (is_py_slot && declaration_.exec_slots > 1) invalid("more than one Py_mod_exec slot in a PySlot array");
      return;
    case SlotKind::create: once(declaration_.has_create, "Py_mod_create"); return;
    case SlotKind::state_size: declaration_.state_size = integer(slot.value); return;
    case SlotKind::traverse: declaration_.has_traverse = true; return;
    case SlotKind::clear: declaration_.has_clear = true; return;
    case SlotKind::free: declaration_.has_free = true; return;
    case SlotKind::subslots:
    case SlotKind::module_slots: read_slots(slot.value, depth + 1); return;
    case SlotKind::unknown:
      if (!is_py_slot || (slot.flags & slot_is_optional) == 0) {
        invalid("unknown slot " + std::to_string(static_cast<int>(slot.id)) + " for Python " + version_.str());
      }
      return;
    default: return;
  }
}

model::Declaration SlotReader::finish() { return declaration_; }

}  // namespace isoaudit::analyzer
