#include "analyzer/source/header_trace.h"

#include <clang/Lex/HeaderSearch.h>
#include <clang/Lex/MacroInfo.h>

#include <algorithm>

namespace isoaudit::analyzer {
namespace {

Declared declared(const clang::NamedDecl& declaration) {
  return {declaration.getIdentifier(), llvm::isa<clang::TagDecl>(declaration)};
}

}  // namespace

std::size_t HeaderTrace::begin_text(const clang::FileEntry* file) {
  by_file_[file].push_back(texts_.size());
  texts_.emplace_back();
  return texts_.size() - 1;
}

const std::vector<std::size_t>& HeaderTrace::texts_of(const clang::FileEntry* file) const {
  static const std::vector<std::size_t> none;
  const auto found = by_file_.find(file);
  return found == by_file_.end() ? none : found->second;
}

void HeaderTrace::declares(std::size_t text, const clang::NamedDecl& declaration) {
  const Declared name = declared(declaration);
  Count& count = declared_[name];
  if (llvm::isa<clang::TypedefNameDecl>(declaration)) ++count.types;
  texts_[text].events.push_back(
      {TraceEvent::Kind::declares, name.getInt(), false, name.getPointer(), nullptr, count.all++, {}});
}

void HeaderTrace::uses(std::size_t text, Declared name, bool after_star) {
  texts_[text].events.push_back(
      {TraceEvent::Kind::uses, name.getInt(), after_star, name.getPointer(), nullptr, count(name), {}});
}

std::size_t HeaderTrace::count(Declared name) const {
  const auto known = declared_.find(name);
  return known == declared_.end() ? 0 : known->second.all;
}

void HeaderTrace::begin_unit() {
  for (TracedText& text : texts_) {
    for (clang::RecordDecl* record : text.completed) record->setCompleteDefinition(false);
  }
}

bool HeaderTrace::is_ahead(Declared name, bool after_star) const {
  const auto known = declared_.find(name);
  if (known == declared_.end() || known->second.done == known->second.all) return false;
  if (name.getInt()) return known->second.done == 0 && !unit_tags_.contains(name) && !unit_declared_.contains(name);
  return !after_star || known->second.types != known->second.all;
}

void HeaderTrace::unit_declares(const clang::NamedDecl& declaration) { unit_declared_.insert(declared(declaration)); }

bool HeaderTrace::replay(std::size_t text, clang::Preprocessor& preprocessor, clang::SourceLocation here) {
  steps_.clear();
  if (!follow(text, preprocessor, here)) {
    take_back(0, preprocessor, here);
    return false;
  }
  for (const Step& step : steps_) {
    if (step.entered == nullptr) continue;
    for (clang::RecordDecl* record : step.entered->completed) record->setCompleteDefinition(true);
  }
  return true;
}

bool HeaderTrace::follow(std::size_t number, clang::Preprocessor& preprocessor, clang::SourceLocation here) {
  TracedText& text = texts_[number];
  if (!text.entered) {
    text.entered = true;
    steps_.push_back({nullptr, nullptr, nullptr, &text});
  }
  return std::ranges::all_of(text.events, [&](const TraceEvent& event) { return follow(event, preprocessor, here); });
}

bool HeaderTrace::follow(const TraceEvent& event, clang::Preprocessor& preprocessor, clang::SourceLocation here) {
  switch (event.kind) {
    case TraceEvent::Kind::asks: return is_same_macro(preprocessor.getMacroInfo(event.name), event.macro, preprocessor);
    case TraceEvent::Kind::changes:
      steps_.push_back({event.name, preprocessor.getMacroInfo(event.name), nullptr, nullptr});
      set_macro(preprocessor, event.name, event.macro, here);
      return true;
    case TraceEvent::Kind::includes:
    case TraceEvent::Kind::skips: return follow_include(event, preprocessor, here);
    case TraceEvent::Kind::uses:
    case TraceEvent::Kind::declares: return is_in_order(event);
  }
  return false;
}

bool HeaderTrace::is_in_order(const TraceEvent& event) {
  const Declared name(event.name, event.is_tag);
  const auto count = declared_.find(name);
  const std::size_t done = count == declared_.end() ? 0 : count->second.done;
  const bool is_units = unit_declared_.contains(name);
  const bool declares = event.kind == TraceEvent::Kind::declares;
  if (event.is_tag) {
    if (declares ? is_units : (event.number > 0) != (done > 0 || is_units || unit_tags_.contains(name))) return false;
  } else {
    if (is_units) return false;
    if (count == declared_.end() || (event.after_star && count->second.types == count->second.all)) return true;
    // As each declaration asks for this too, those done are always the first ones of the parse: how many says which.
    if (done != event.number) return false;
  }
  if (declares) {
    ++count->second.done;
    steps_.push_back({nullptr, nullptr, &count->second, nullptr});
  }
  return true;
}

bool HeaderTrace::follow_include(const TraceEvent& event, clang::Preprocessor& preprocessor,
                                 clang::SourceLocation here) {
  const std::vector<std::size_t>& texts = texts_of(&event.file->getFileEntry());
  if (texts.empty()) return false;
  if (is_read_once(*event.file, preprocessor)) {
    return texts_[texts.front()].entered || (texts.size() == 1 && follow(texts.front(), preprocessor, here));
  }
  const Name guard = guard_of(*event.file, preprocessor);
  if (guard != nullptr && preprocessor.isMacroDefined(guard)) return true;
  const std::size_t so_far = steps_.size();
  if (event.kind == TraceEvent::Kind::includes && follow(event.number, preprocessor, here)) return true;
  // It may read here as it was read at another place: two texts that both fit are the same.
  return std::ranges::any_of(texts, [&](std::size_t text) {
    take_back(so_far, preprocessor, here);
    return follow(text, preprocessor, here);
  });
}

void HeaderTrace::take_back(std::size_t steps, clang::Preprocessor& preprocessor, clang::SourceLocation here) {
  for (; steps_.size() > steps; steps_.pop_back()) {
    const Step& step = steps_.back();
    if (step.macro != nullptr) set_macro(preprocessor, step.macro, step.before, here);
    if (step.declared != nullptr) --step.declared->done;
    if (step.entered != nullptr) step.entered->entered = false;
  }
}

bool is_same_macro(const clang::MacroInfo* one, const clang::MacroInfo* other, clang::Preprocessor& preprocessor) {
  if (one == nullptr || other == nullptr) return one == other;
  return one == other || one->isIdenticalTo(*other, preprocessor, true);
}

void set_macro(clang::Preprocessor& preprocessor, Name name, const clang::MacroInfo* macro,
               clang::SourceLocation here) {
  auto* identifier = const_cast<clang::IdentifierInfo*>(name);
  const clang::MacroInfo* now = preprocessor.getMacroInfo(name);
  if (now == macro) return;
  if (macro != nullptr) {
    preprocessor.appendDefMacroDirective(identifier, const_cast<clang::MacroInfo*>(macro));
  } else {
    preprocessor.appendMacroDirective(identifier,
                                      new (preprocessor.getPreprocessorAllocator()) clang::UndefMacroDirective(here));
  }
}

bool is_read_once(clang::FileEntryRef file, clang::Preprocessor& preprocessor) {
  const clang::HeaderFileInfo* info = preprocessor.getHeaderSearchInfo().getExistingFileInfo(file);
  return info != nullptr && info->isPragmaOnce;
}

Name guard_of(clang::FileEntryRef file, clang::Preprocessor& preprocessor) {
  const clang::HeaderFileInfo* info = preprocessor.getHeaderSearchInfo().getExistingFileInfo(file);
  if (info == nullptr) return nullptr;
  clang::HeaderFileInfo copy = *info;
  return copy.getControllingMacro(preprocessor.getExternalSource());
}

}  // namespace isoaudit::analyzer
