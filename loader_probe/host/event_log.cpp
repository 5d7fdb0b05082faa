#include "loader_probe/host/event_log.h"

#include <string_view>

#include "loader_probe/inside/events.h"

namespace isoaudit::loader_probe {

std::vector<const llvm::json::Object*> EventLog::named(const char* name) const {
  std::vector<const llvm::json::Object*> found;
  for (const llvm::json::Object& event : events) {
    if (string_of(event, events::key_event) == name) found.push_back(&event);
  }
  return found;
}

std::string string_of(const llvm::json::Object& object, const char* key) {
  return object.getString(key).value_or("").str();
}

std::int64_t integer_of(const llvm::json::Object& object, const char* key) {
  return object.getInteger(key).value_or(0);
}

bool flag_of(const llvm::json::Object& object, const char* key) { return object.getBoolean(key).value_or(false); }

static std::string noun_of(const std::string& what) { return what == events::step_destroy ? "end" : what; }

std::string interpreter_name(std::int64_t id) {
  return id == 0 ? "the main interpreter" : "interpreter " + std::to_string(id);
}

std::string describe_step(const llvm::json::Object& step) {
  const std::string what = string_of(step, "what");
  const std::int64_t interpreter = integer_of(step, "interp");
  if (what == events::step_create) return "creation of an interpreter";
  if (what == events::step_load) return "loading the file";
  if (what == events::step_scan) return "looking for shared objects";
  return noun_of(what) + (what == events::step_destroy ? " of " : " in ") + interpreter_name(interpreter);
}

EventLog read_events(const std::string& bytes, const std::string& token) {
  EventLog log;
  std::int64_t steps = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t end = std::min(bytes.find('\n', at), bytes.size());
    const std::string_view line(bytes.data() + at, end - at);
    at = end + 1;
    if (line.empty()) continue;
    llvm::Expected<llvm::json::Value> value = llvm::json::parse(llvm::StringRef(line.data(), line.size()));
    if (!value) {
      llvm::consumeError(value.takeError());
      continue;
    }
    llvm::json::Object* event = value->getAsObject();
    if (!event || string_of(*event, events::key_token) != token) continue;
    const std::string name = string_of(*event, events::key_event);
    if (name == events::start) log.started = string_of(*event, "schema") == events::schema;
    if (name == events::step) {
      ++steps;
      log.last_step = describe_step(*event);
      log.last_kind = noun_of(string_of(*event, "what"));
    }
    if (name == events::end) log.finished = log.started && integer_of(*event, "steps") == steps;
    log.events.push_back(std::move(*event));
  }
  return log;
}

}  // namespace isoaudit::loader_probe
