// What each level does, step by step, in one thread; the concurrent one has its own file.
#include "loader_probe/inside/levels.h"

#include <dlfcn.h>

#include "loader_probe/inside/collect_objects.h"
#include "loader_probe/inside/emit.h"
#include "loader_probe/inside/events.h"
#include "loader_probe/inside/foreign_threads.h"
#include "loader_probe/inside/process_state.h"
#include "loader_probe/inside/segments.h"

namespace isoaudit::inside {
namespace {

bool report_impossible(const std::string& error) {
  if (error.empty()) return false;
  Event(events::not_possible).text("text", error);
  return true;
}

void run_main(const Config& config, Interpreter& main) {
  PyObject* before = main.call("module_names", nullptr);
  if (main.import_audited(config, 0)) {
    PyObject* arguments = Py_BuildValue("(O)", before);
    PyObject* found = main.call("extension_modules", arguments);
    if (found) Event(events::extensions).raw("modules", to_json(found));
    Py_DecRef(found);
    Py_DecRef(arguments);
    main.exercise(config);
    main.run_tests(config);
  }
  Py_DecRef(before);
}

// What the audited file itself declares, when its import failed on something else first.
void ask_declaration(const Config& config, Kind kind) {
  std::string error;
  Interpreter asked = Interpreter::create(kind, config, error);
  if (report_impossible(error)) return;
  step(events::step_declares, asked.id(), 0);
  PyObject* arguments = Py_BuildValue("(ss)", config.module.c_str(), config.path.c_str());
  PyObject* chain = asked.call("declares", arguments);
  Py_DecRef(arguments);
  if (chain) {
    const std::string json = to_json(chain);
    Event(events::declares).flag("refused", is_refusal(json)).raw("chain", json);
  }
  Py_DecRef(chain);
  asked.destroy();
}

// One interpreter: created, used, ended.
void run_once(const Config& config, Kind kind, unsigned round) {
  std::string error;
  step(events::step_create, 0, round);
  Interpreter one = Interpreter::create(kind, config, error);
  if (report_impossible(error)) return;
  if (one.import_audited(config, round)) one.exercise(config);
  const bool refused_elsewhere = one.met_refusal() && !one.refused();
  one.destroy();
  if (refused_elsewhere) ask_declaration(config, kind);
}

/// Makes it current for a moment between steps; one without the module has nothing to tell.
template <typename Act>
void resting(Interpreter& interpreter, Act&& act) {
  if (!interpreter.module()) return;
  interpreter.enter();
  act(interpreter);
  Interpreter::leave();
}

// Two interpreters alive in one thread, one step at a time: who writes what is known, and nothing can race.
// True when both have the module: where already the second of two is turned away, more of them show nothing new.
bool run_pair(const Config& config, Kind kind, Interpreter& main) {
  Watched watched(config.path, config.root, config.module);
  // Loaded ahead of the import, its memory can be seen before any of its Python code runs. The import finds the same
  // file loaded. Where it cannot be loaded alone (its package loads libraries first), the first look comes later.
  step(events::step_load, 0, 0);
  dlopen(config.path.c_str(), RTLD_NOW | RTLD_LOCAL);
  watched.refresh();
  watch_foreign_threads(watched);
  watched.remember();

  std::string error;
  std::vector<Interpreter> pair;
  std::vector<const Interpreter*> live = {&main};
  pair.reserve(2);
  bool first_refused = false;
  for (unsigned i = 0; i < 2; ++i) {
    step(events::step_create, 0, i);
    if (i == 1) resting(pair[0], [](Interpreter& one) { one.remember_references(); });
    pair.push_back(Interpreter::create(kind, config, error));
    if (report_impossible(error)) return false;
    ProcessState process;
    const bool there = pair[i].import_audited(config, 0);
    process.report_changes(events::step_import, pair[i].id());
    if (i == 0 && !there) first_refused = pair[i].met_refusal();
    Interpreter::leave();
    watched.report_changes(events::step_import, pair[i].id());
    watch_foreign_threads(watched);
    if (i == 1) {
      resting(pair[0], [&](Interpreter& one) { one.report_moved_references(pair[1].id(), events::step_import); });
    }
    // Before each step that may be the last one: a second interpreter that meets the first one's object may crash.
    if (i == 0) watched.report_definitions();
    if (there && i == 0) scan_ownership({&main, &pair[0]}, watched);
    if (i == 0 && !there) break;  // a second one could only fail the same way
  }
  const bool loaded = pair[0].module() != nullptr;
  const bool loaded_twice = loaded && pair.back().module() != nullptr && pair.size() == 2;
  for (Interpreter& one : pair) live.push_back(&one);
  for (Interpreter& one : pair) {
    const bool last = &one == &pair.back();
    if (!one.module()) continue;
    Interpreter& other = last ? pair.front() : pair.back();
    resting(other, [](Interpreter& rests) { rests.remember_references(); });
    one.enter();
    ProcessState process;
    one.exercise(config);
    process.report_changes(events::step_exercise, one.id());
    one.run_tests(config);
    Interpreter::leave();
    resting(other, [&](Interpreter& rests) { rests.report_moved_references(one.id(), events::step_exercise); });
    watched.report_changes(events::step_exercise, one.id());
    if (loaded) scan_ownership(live, watched, last ? Looks::also_behind_globals : Looks::at_globals);
  }
  watched.report_definitions();
  for (Interpreter& one : pair) {
    const std::int64_t id = one.id();
    one.enter();
    one.destroy();
    watched.report_changes(events::step_destroy, id);
  }
  if (first_refused && !pair[0].refused()) ask_declaration(config, kind);
  return loaded_twice;
}

// Each dependency alone in a fresh isolated interpreter.
void run_dependencies(const Config& config) {
  for (const std::string& name : config.dependencies) {
    std::string error;
    Interpreter one = Interpreter::create(Kind::isolated, config, error);
    if (report_impossible(error)) return;
    step(events::step_dependency, one.id(), 0);
    PyObject* arguments = Py_BuildValue("(sOii)", name.c_str(), Py_None, 0, 0);
    PyObject* pair = one.call("load", arguments);
    Py_DecRef(arguments);
    if (pair) {
      Event(events::dependency).text("name", name).raw("result", to_json(PyTuple_GetItem(pair, 0)));
    }
    Py_DecRef(pair);
    one.destroy();
  }
}

}  // namespace

void run_level(const Config& config) {
  Interpreter main = Interpreter::adopt_main();
  // Interpreters at once, of which nothing but their end is asked, start while main still compiles what they need.
  if (config.evidence || config.level != events::level_concurrent) {
    std::string error;
    main.prepare(config, error);
    if (report_impossible(error)) return;
  }
  for (const std::string& name : config.preloads) {
    Py_DecRef(PyImport_ImportModule(name.c_str()));
    PyErr_Clear();
  }
  if (config.level == events::level_main) {
    run_main(config, main);
    return;
  }
  Interpreter::leave();
  if (config.level == events::level_legacy) {
    run_once(config, Kind::legacy, 0);
  } else if (config.level == events::level_strict_shared) {
    run_once(config, Kind::strict_shared, 0);
  } else if (config.level == events::level_isolated) {
    run_pair(config, Kind::isolated, main);
  } else if (config.level == events::level_sequential) {
    run_sequential(config, main);
  } else if (config.level == events::level_concurrent) {
    run_concurrent(config, Kind::isolated, main);
  } else if (config.level == events::level_forced) {
    // It is not made for this: the more it is used, the sooner it ends, and what was seen of it with it.
    Config carefully = config;
    carefully.makes_instances = false;
    carefully.tests.clear();
    if (run_pair(carefully, Kind::forced, main)) run_concurrent(carefully, Kind::forced, main);
  } else if (config.level == events::level_warm) {
    run_warm(config, main);
  } else if (config.level == events::level_unwatched) {
    run_unwatched_pair(config);
  } else if (config.level == events::level_tracked) {
    run_tracked(config, Kind::isolated);
  } else if (config.level == events::level_tracked_forced) {
    Config carefully = config;
    carefully.makes_instances = false;
    run_tracked(carefully, Kind::forced);
  } else if (config.level == events::level_dependencies) {
    run_dependencies(config);
  } else {
    Event(events::not_possible).text("text", "no such level: " + config.level);
  }
  main.enter();
}

}  // namespace isoaudit::inside
