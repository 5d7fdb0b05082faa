// The module is at home in main when an isolated interpreter meets it: what a process-wide cache then holds is main's.
#include <dlfcn.h>

#include <array>

#include "loader_probe/inside/collect_objects.h"
#include "loader_probe/inside/emit.h"
#include "loader_probe/inside/events.h"
#include "loader_probe/inside/levels.h"
#include "loader_probe/inside/segments.h"

namespace isoaudit::inside {

void run_warm(const Config& config, Interpreter& main) {
  Watched watched(config.path, config.root, config.module);
  step(events::step_load, 0, 0);
  dlopen(config.path.c_str(), RTLD_NOW | RTLD_LOCAL);
  watched.refresh();
  watched.remember();

  main.enter();
  if (main.import_audited(config, 0)) main.exercise(config);
  Interpreter::leave();
  watched.report_changes(events::step_import, main.id());
  if (!main.module()) return;

  std::string error;
  step(events::step_create, 0, 0);
  Interpreter one = Interpreter::create(Kind::isolated, config, error);
  if (!error.empty()) {
    Event(events::not_possible).text("text", error);
    return;
  }
  const std::int64_t id = one.id();
  if (one.import_audited(config, 0)) one.exercise(config);
  Interpreter::leave();
  watched.report_changes(events::step_import, id);
  if (one.module()) scan_ownership({&main, &one}, watched);
  watched.report_definitions();
  one.enter();
  one.destroy();
  watched.report_changes(events::step_destroy, id);
}

void run_unwatched_pair(const Config& config) {
  std::string error;
  std::array<Interpreter, 2> pair;
  for (Interpreter& one : pair) {
    step(events::step_create, 0, 0);
    one = Interpreter::create(Kind::isolated, config, error);
    if (!error.empty()) {
      Event(events::not_possible).text("text", error);
      return;
    }
    one.import_audited(config, 0);
    Interpreter::leave();
  }
  for (Interpreter& one : pair) {
    one.enter();
    one.exercise(config);
    one.destroy();
  }
}

}  // namespace isoaudit::inside
