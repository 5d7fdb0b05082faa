#include "loader_probe/host/told_aside.h"

#include <algorithm>

#include "loader_probe/host/tracked_writes.h"
#include "loader_probe/inside/events.h"

namespace isoaudit::loader_probe {
namespace {

using llvm::json::Array;
using llvm::json::Object;

}  // namespace

std::vector<model::ForeignThread> find_foreign_threads(const EventLog& log) {
  std::vector<model::ForeignThread> threads;
  CodePlaces places;
  std::string step;
  for (const Object& event : log.events) {
    const std::string name = string_of(event, events::key_event);
    if (name == events::step) step = string_of(event, "what");
    const Array* code = name == events::foreign_thread ? event.getArray("code") : nullptr;
    if (code == nullptr || code->size() != 2) continue;
    TrackedWrite call;
    call.code_file = (*code)[0].getAsString().value_or("").str();
    call.code = static_cast<std::uint64_t>((*code)[1].getAsInteger().value_or(0));
    threads.push_back({string_of(event, "asked"), places.name(call), step});
  }
  std::ranges::sort(threads);
  return threads;
}

std::vector<std::string> find_disturbed(const EventLog& log) {
  std::vector<std::string> found;
  for (const Object* event : log.named(events::moved)) {
    const Array* texts = event->getArray("moved");
    if (texts == nullptr) continue;
    std::string when = " ";
    when += string_of(*event, "step") + " in " + interpreter_name(integer_of(*event, "by")) + ", while " +
            interpreter_name(integer_of(*event, "interp")) + " rested";
    for (const llvm::json::Value& text : *texts) found.push_back(text.getAsString().value_or("").str() + when);
  }
  std::ranges::sort(found);
  return found;
}

std::vector<model::StepTime> find_times(const EventLog& log) {
  std::vector<model::StepTime> found;
  for (const Object* event : log.named(events::end)) {
    const Object* steps = event->getObject("times");
    if (steps == nullptr) continue;
    for (const auto& [step, value] : *steps) {
      found.push_back({step.str(), static_cast<double>(value.getAsInteger().value_or(0)) / 1e6});
    }
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace isoaudit::loader_probe
