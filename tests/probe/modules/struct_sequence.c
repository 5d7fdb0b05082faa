#include "micro.h"

static PyTypeObject pair_type;
static PyStructSequence_Field fields[] = {{"first", NULL}, {"second", NULL}, {NULL, NULL}};
static PyStructSequence_Desc description = {"struct_sequence.Pair", NULL, fields, 2};

static int exec(PyObject* module) {
  if (!pair_type.tp_name && PyStructSequence_InitType2(&pair_type, &description) < 0) return -1;
  return PyModule_AddObjectRef(module, "Pair", (PyObject*)&pair_type);
}

MICRO_MODULE(struct_sequence, exec)
