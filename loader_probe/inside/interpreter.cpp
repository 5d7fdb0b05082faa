#include "loader_probe/inside/interpreter.h"

#include <dlfcn.h>

#include <mutex>

#include "helper_py.h"
#include "loader_probe/inside/emit.h"
#include "loader_probe/inside/events.h"

namespace isoaudit::inside {
namespace {

// Seven ints since 3.12, the same in 3.15 (Include/cpython/pylifecycle.h). Outside the limited API, hence our own.
struct InterpreterConfig {
  int use_main_obmalloc;
  int allow_fork;
  int allow_exec;
  int allow_threads;
  int allow_daemon_threads;
  int check_multi_interp_extensions;
  int gil;  // 1 shared, 2 own
};

// PyStatus, the same since 3.8 (Include/cpython/initconfig.h).
struct Status {
  int type;
  const char* function;
  const char* message;
  int exit_code;
};

constexpr InterpreterConfig config_of(Kind kind) {
  switch (kind) {
    case Kind::legacy: return {1, 1, 1, 1, 1, 0, 1};
    case Kind::strict_shared: return {1, 1, 1, 1, 1, 1, 1};
    case Kind::isolated:
    case Kind::forced: return {0, 0, 0, 1, 0, 1, 2};
  }
  return {};
}

using NewInterpreter = Status (*)(PyThreadState**, const InterpreterConfig*);
using EndInterpreter = void (*)(PyThreadState*);

template <typename Function>
Function look_up(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
}

std::mutex g_birth_and_death;

std::string fetch_error() {
  PyObject* error = PyErr_GetRaisedException();
  if (!error) return "unknown error";
  PyObject* text = PyObject_Str(error);
  std::string result = text ? text_of(text) : "";
  Py_DecRef(text);
  Py_DecRef(error);
  PyErr_Clear();
  return result;
}

PyObject* string(const std::string& text) {
  return PyUnicode_DecodeFSDefaultAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
}

/// The files of helper/ as code, marshalled by the first interpreter that asks: compiling takes half as long as the
/// start of an interpreter.
std::string g_helper_code;
std::once_flag g_helper_compiled;

// Every interpreter has marshal: its import system reads .pyc files with it.
PyObject* marshal(const char* function, PyObject* argument) {
  PyObject* module = PyImport_ImportModule("marshal");
  PyObject* result = module ? PyObject_CallMethod(module, function, "O", argument) : nullptr;
  Py_DecRef(module);
  return result;
}

void compile_helper() {
  PyObject* code = Py_CompileString(helper_source, "<isoaudit>", Py_file_input);
  PyObject* bytes = code ? marshal("dumps", code) : nullptr;
  char* data = nullptr;
  Py_ssize_t size = 0;
  if (bytes && PyBytes_AsStringAndSize(bytes, &data, &size) == 0)
    g_helper_code.assign(data, static_cast<std::size_t>(size));
  Py_DecRef(bytes);
  Py_DecRef(code);
  PyErr_Clear();
}

/// A new reference. Who comes while another one compiles waits for it, with a GIL of its own.
PyObject* helper_code() {
  std::call_once(g_helper_compiled, compile_helper);
  PyObject* bytes = PyBytes_FromStringAndSize(g_helper_code.data(), static_cast<Py_ssize_t>(g_helper_code.size()));
  PyObject* code = bytes ? marshal("loads", bytes) : nullptr;
  Py_DecRef(bytes);
  return code;
}

bool is_true(PyObject* dict, const char* key) {
  PyObject* value = PyDict_GetItemString(dict, key);
  return value && PyObject_IsTrue(value) == 1;
}

}  // namespace

bool is_refusal(const std::string& text) {
  return text.find("does not support loading in subinterpreters") != std::string::npos;
}

Interpreter Interpreter::create(Kind kind, const Config& config, std::string& error) {
  Interpreter made;
  const auto create_interpreter = look_up<NewInterpreter>("Py_NewInterpreterFromConfig");
  if (!create_interpreter) {
    error = "this interpreter has no Py_NewInterpreterFromConfig";
    return made;
  }
  const InterpreterConfig settings = config_of(kind);
  Status status{};
  const Timed timed(events::step_create);
  {
    std::lock_guard hold(g_birth_and_death);
    status = create_interpreter(&made.state_, &settings);
  }
  if (status.type != 0 || !made.state_) {
    error = status.message ? status.message : "the interpreter could not be created";
    made.state_ = nullptr;
    return made;
  }
  made.identify();
  if (!made.prepare(config, error)) return made;
  Py_DecRef(made.call("watch_creation", nullptr));
  if (kind == Kind::forced) {
    PyObject* imp = PyImport_ImportModule("_imp");
    PyObject* old = imp ? PyObject_CallMethod(imp, "_override_multi_interp_extensions_check", "i", -1) : nullptr;
    if (!old) error = "the import check could not be overridden: " + fetch_error();
    Py_DecRef(old);
    Py_DecRef(imp);
  }
  return made;
}

void Interpreter::compile_helper_ahead() { std::call_once(g_helper_compiled, compile_helper); }

Interpreter Interpreter::adopt_main() {
  Interpreter main;
  main.state_ = PyThreadState_Get();
  main.identify();
  return main;
}

void Interpreter::identify() {
  interpreter_ = PyInterpreterState_Get();
  id_ = PyInterpreterState_GetID(interpreter_);
}

bool Interpreter::prepare(const Config& config, std::string& error) {
  PyObject* code = helper_code();
  PyObject* names = code ? PyDict_New() : nullptr;
  PyObject* done = nullptr;
  if (names && PyDict_SetItemString(names, "__builtins__", PyEval_GetBuiltins()) == 0) {
    done = PyEval_EvalCode(code, names, names);
  }
  Py_DecRef(code);
  if (!done) {
    error = "the probe's helper does not run in this interpreter: " + fetch_error();
    Py_DecRef(names);
    return false;
  }
  Py_DecRef(done);
  helper_ = names;
  PyObject* arguments = Py_BuildValue("(N)", string(config.root));
  Py_DecRef(call("add_path", arguments));
  Py_DecRef(arguments);
  return true;
}

PyObject* Interpreter::call(const char* function, PyObject* arguments_tuple) {
  PyObject* callee = PyDict_GetItemString(helper_, function);
  PyObject* result = callee ? PyObject_CallObject(callee, arguments_tuple) : nullptr;
  if (!result) PyErr_Clear();
  return result;
}

void Interpreter::meet_before_exec(const Config& config, Meeting& meeting) {
  meeting_ = &meeting;
  PyObject* self = PyCapsule_New(this, nullptr, nullptr);
  PyObject* meet = self ? PyCFunction_New(&meet_method, self) : nullptr;
  PyObject* arguments = meet ? Py_BuildValue("(NO)", string(config.module), meet) : nullptr;
  if (arguments) Py_DecRef(call("meet_before_exec", arguments));
  PyErr_Clear();
  Py_DecRef(arguments);
  Py_DecRef(meet);
  Py_DecRef(self);
}

PyObject* Interpreter::meet(PyObject* self, PyObject*) {
  auto* interpreter = static_cast<Interpreter*>(PyCapsule_GetPointer(self, nullptr));
  if (interpreter && !interpreter->met_) {
    interpreter->met_ = true;
    leave();
    interpreter->meeting_->arrive_and_wait();
    interpreter->enter();
  }
  Py_IncRef(Py_None);
  return Py_None;
}

PyMethodDef Interpreter::meet_method = {"meet", Interpreter::meet, METH_NOARGS, nullptr};

bool Interpreter::import_audited(const Config& config, unsigned round) {
  step(events::step_import, id_, round);
  const Timed timed(events::step_import);
  refused_ = met_refusal_ = false;
  PyObject* arguments = Py_BuildValue("(NNii)", string(config.module), string(config.path),
                                      static_cast<int>(config.by_path), static_cast<int>(config.stubs));
  PyObject* pair = arguments ? call("load", arguments) : nullptr;
  Py_DecRef(arguments);
  PyObject* result = pair ? PyTuple_GetItem(pair, 0) : nullptr;
  if (!result) {
    Event(events::import).number("interp", id_).number("round", round).flag("ok", false);
    Py_DecRef(pair);
    return false;
  }
  const bool ok = is_true(result, "ok");
  if (ok) {
    module_ = PyTuple_GetItem(pair, 1);
    Py_IncRef(module_);
  } else if (PyObject* refusals = PyDict_GetItemString(result, "refusals")) {
    for (Py_ssize_t i = 0; i < PyList_Size(refusals); ++i) {
      PyObject* row = PyList_GetItem(refusals, i);
      if (!is_refusal(text_of(PyList_GetItem(row, 2)))) continue;
      met_refusal_ = true;
      if (text_of(PyList_GetItem(row, 0)) == config.module) refused_ = true;
    }
  }
  Event(events::import)
      .number("interp", id_)
      .number("round", round)
      .raw("result", to_json(result))
      .flag("ok", ok)
      .flag("refused", refused_);
  Py_DecRef(pair);
  return ok;
}

void Interpreter::exercise(const Config& config) {
  if (!module_) return;
  step(events::step_exercise, id_, 0);
  const Timed timed(events::step_exercise);
  PyObject* arguments =
      Py_BuildValue("(ONii)", module_, string(config.exercise), static_cast<int>(config.makes_instances),
                    static_cast<int>(config.makes_instances && config.imports_again));
  PyObject* pair = call("exercise", arguments);
  Py_DecRef(arguments);
  Event event(events::exercise);
  event.number("interp", id_);
  if (pair) {
    event.raw("raised", to_json(PyTuple_GetItem(pair, 0)));
    event.number("calls", PyLong_AsLongLong(PyTuple_GetItem(pair, 1)));
  } else {
    event.raw("raised", "[\"exercise failed\"]");
  }
  Py_DecRef(pair);
}

void Interpreter::run_tests(const Config& config) {
  if (!module_ || config.tests.empty()) return;
  step(events::step_tests, id_, 0);
  const Timed timed(events::step_tests);
  PyObject* files = PyList_New(0);
  for (const std::string& file : config.tests) {
    PyObject* path = string(file);
    PyList_Append(files, path);
    Py_DecRef(path);
  }
  PyObject* arguments = Py_BuildValue("(NN)", files, string(config.root));
  PyObject* pair = call("run_tests", arguments);
  Py_DecRef(arguments);
  if (pair) {
    Event(events::tests).number("interp", id_).raw("failed", to_json(PyTuple_GetItem(pair, 0)));
    const std::string where = id_ == 0 ? "main" : "an isolated interpreter";
    Event(events::note).text("text", "tests in " + where + ": " + text_of(PyTuple_GetItem(pair, 1)));
  }
  Py_DecRef(pair);
}

void Interpreter::remember_references() {
  if (!module_) return;
  PyObject* arguments = Py_BuildValue("(O)", module_);
  Py_DecRef(references_);
  references_ = call("count_references", arguments);
  Py_DecRef(arguments);
}

void Interpreter::report_moved_references(std::int64_t other, const char* step) {
  if (!module_ || !references_) return;
  PyObject* arguments = Py_BuildValue("(OO)", module_, references_);
  PyObject* moved = call("moved_references", arguments);
  Py_DecRef(arguments);
  if (moved && PyList_Size(moved) > 0) {
    Event(events::moved).number("interp", id_).number("by", other).text("step", step).raw("moved", to_json(moved));
  }
  Py_DecRef(moved);
  Py_DecRef(references_);
  references_ = nullptr;
}

void Interpreter::destroy() {
  step(events::step_destroy, id_, 0);
  const Timed timed(events::step_destroy);
  Py_DecRef(module_);
  Py_DecRef(helper_);
  Py_DecRef(references_);
  module_ = helper_ = references_ = nullptr;
  const auto end_interpreter = look_up<EndInterpreter>("Py_EndInterpreter");
  std::lock_guard hold(g_birth_and_death);
  end_interpreter(state_);
  state_ = nullptr;
}

}  // namespace isoaudit::inside
