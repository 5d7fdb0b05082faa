// Pointers into objects, kept longer than the objects.
#include <Python.h>

static const char* name;      // expect: buffer-shared-across-interpreters
static const char* bytes;     // expect: buffer-shared-across-interpreters
static Py_buffer view;        // expect: buffer-shared-across-interpreters
static const char* fallback;  // expect: non-object-mutable-static
static const char* unit = "m";
static PyObject* last;  // expect: global-pyobject-cache

static PyObject* set_name(PyObject* self, PyObject* text) {
  (void)self;
  name = PyUnicode_AsUTF8(text);
  if (name == NULL) name = unit;
  fallback = PyObject_IsTrue(text) ? "none" : "some";
  last = PyUnicode_AsUTF8String(text);
  return PyUnicode_FromString(fallback);
}

static PyObject* set_bytes(PyObject* self, PyObject* object) {
  (void)self;
  if (PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) < 0) return NULL;
  bytes = PyBytes_AsString(object);
  return bytes == NULL ? NULL : PyLong_FromSsize_t(view.len + *bytes + *name + (last != NULL));
}

static PyMethodDef methods[] = {
    {"set_name", set_name, METH_O, NULL}, {"set_bytes", set_bytes, METH_O, NULL}, {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},  // expect: slot-not-supported
    {0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "buffer_shared_across_interpreters",
                                        .m_methods = methods, .m_slots = slots};

// expect: m-size-zero-with-globals (advice)
PyMODINIT_FUNC PyInit_buffer_shared_across_interpreters(void) { return PyModuleDef_Init(&definition); }
