// The extension module `isoaudit_probe`: reads its orders from one pipe, writes events to another.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "loader_probe/inside/crash_report.h"
#include "loader_probe/inside/emit.h"
#include "loader_probe/inside/events.h"
#include "loader_probe/inside/fork_server.h"
#include "loader_probe/inside/interpreter.h"
#include "loader_probe/inside/levels.h"

namespace isoaudit::inside {
namespace {

std::string read_all(int descriptor) {
  std::string bytes;
  char buffer[4096];
  for (;;) {
    const ssize_t got = read(descriptor, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    bytes.append(buffer, static_cast<std::size_t>(got));
  }
  close(descriptor);
  return bytes;
}

unsigned number(const std::string& text) { return static_cast<unsigned>(std::strtoul(text.c_str(), nullptr, 10)); }

std::string take_word(const std::string& bytes, std::size_t& at) {
  const std::size_t end = bytes.find('\0', at);
  std::string word = bytes.substr(at, end == std::string::npos ? end : end - at);
  at = end == std::string::npos ? bytes.size() : end + 1;
  return word;
}

Config parse(const std::string& bytes, std::string& token) {
  Config config;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::string key = take_word(bytes, at);
    std::string value = take_word(bytes, at);
    if (key == events::config_token) token = value;
    if (key == events::config_level) config.level = value;
    if (key == events::config_module) config.module = value;
    if (key == events::config_path) config.path = value;
    if (key == events::config_root) config.root = value;
    if (key == events::config_by_path) config.by_path = value == "1";
    if (key == events::config_stubs) config.stubs = value == "1";
    if (key == events::config_interpreters) config.interpreters = number(value);
    if (key == events::config_rounds) config.rounds = number(value);
    if (key == events::config_count_blocks) config.count_blocks = value == "1";
    if (key == events::config_evidence) config.evidence = value == "1";
    if (key == events::config_exercise) config.exercise = value;
    if (key == events::config_instances) config.makes_instances = value == "1";
    if (key == events::config_test) config.tests.push_back(value);
    if (key == events::config_dependency) config.dependencies.push_back(value);
    if (key == events::config_preload) config.preloads.push_back(value);
  }
  config.imports_again = config.level == events::level_main || config.level == events::level_warm ||
                         config.level == events::level_unwatched;
  return config;
}

PyObject* run(PyObject*, PyObject* arguments) {
  int event_descriptor = -1;
  int config_descriptor = -1;
  if (!PyArg_ParseTuple(arguments, "ii", &event_descriptor, &config_descriptor)) return nullptr;
  std::string token;
  const Config config = parse(read_all(config_descriptor), token);
  open_channel(event_descriptor, std::move(token));
  report_crashes();
  Event(events::start).text("schema", events::schema).text("version", Py_GetVersion());
  run_level(config);
  finish();
  Py_IncRef(Py_None);
  return Py_None;
}

PyObject* serve(PyObject*, PyObject* arguments) {
  int control = -1;
  int compiles_ahead = 0;
  PyObject* greeting = nullptr;
  if (!PyArg_ParseTuple(arguments, "iO&p", &control, PyUnicode_FSConverter, &greeting, &compiles_ahead)) return nullptr;
  if (compiles_ahead) Interpreter::compile_helper_ahead();
  const std::string said = PyBytes_AsString(greeting);
  Py_DecRef(greeting);
  return PyUnicode_DecodeFSDefault(serve_forks(control, said).c_str());
}

PyMethodDef methods[] = {{"run", run, METH_VARARGS, "Runs one level as ordered."},
                         {"serve", serve, METH_VARARGS, "Copies the process for each level; see fork_server.h."},
                         {nullptr, nullptr, 0, nullptr}};
PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "isoaudit_probe", nullptr, 0, methods, nullptr, nullptr, nullptr, nullptr};

}  // namespace
}  // namespace isoaudit::inside

PyMODINIT_FUNC PyInit_isoaudit_probe(void) { return PyModuleDef_Init(&isoaudit::inside::definition); }
