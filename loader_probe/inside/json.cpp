#include "loader_probe/inside/json.h"

#include "loader_probe/inside/emit.h"

namespace isoaudit::inside {

std::string text_of(PyObject* str) {
  std::string result;
  if (PyObject* bytes = PyUnicode_AsEncodedString(str, "utf-8", "backslashreplace")) {
    char* data = nullptr;
    Py_ssize_t size = 0;
    if (PyBytes_AsStringAndSize(bytes, &data, &size) == 0) result.assign(data, static_cast<std::size_t>(size));
    Py_DecRef(bytes);
  }
  PyErr_Clear();
  return result;
}

std::string to_json(PyObject* value) {
  if (value == Py_True) return "true";
  if (value == Py_False) return "false";
  if (PyUnicode_Check(value)) return quote(text_of(value));
  if (PyLong_Check(value)) {
    int overflow = 0;
    const long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    return overflow != 0 ? "null" : std::to_string(number);
  }
  if (PyList_Check(value) || PyTuple_Check(value)) {
    std::string out = "[";
    const Py_ssize_t count = PySequence_Size(value);
    for (Py_ssize_t i = 0; i < count; ++i) {
      if (i > 0) out += ',';
      PyObject* item = PySequence_GetItem(value, i);
      out += item ? to_json(item) : "null";
      Py_DecRef(item);
    }
    return out + "]";
  }
  if (PyDict_Check(value)) {
    std::string out = "{";
    Py_ssize_t position = 0;
    PyObject* key = nullptr;
    PyObject* item = nullptr;
    while (PyDict_Next(value, &position, &key, &item)) {
      if (out.size() > 1) out += ',';
      out += quote(text_of(key)) + ':' + to_json(item);
    }
    return out + "}";
  }
  return "null";
}

}  // namespace isoaudit::inside
