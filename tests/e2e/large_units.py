"""What generators write is large: its cost is bounded, and grows as the file does."""

import os
import subprocess
import sys

import support
from support import expect, expect_equal

VERSION = "3.14"
MOST_MEMORY = 300 << 20

HEAD = """#include <Python.h>
static PyObject *interned[%d];
static PyObject *module_dict;
"""
# As Cython writes them: long functions with a label, macros of the API, and a table of what was made.
FUNCTION = """
/* "pkg/gen.pyx":%(line)d
 *     def f%(n)d(self, value):
 *         return cache%(n)d
 */
static PyObject *cache%(n)d;
static int counter%(n)d = 0;
static PyObject *f%(n)d(PyObject *self, PyObject *value) {
  PyObject *r = NULL;
  PyObject *t1 = NULL, *t2 = NULL;
  int lineno = 0;
  const char *filename = NULL;
  (void)self; (void)lineno; (void)filename;
  if (cache%(n)d == NULL) {
    t1 = PyDict_New(); if (t1 == NULL) { filename = "pkg/gen.pyx"; lineno = %(line)d; goto L1; }
    Py_XSETREF(cache%(n)d, t1);
    t1 = NULL;
  }
  t2 = PyObject_CallMethod(value, "append", "O", cache%(n)d); if (!t2) { lineno = %(line)d; goto L1; }
  Py_CLEAR(t2);
  counter%(n)d++;
  Py_XDECREF(interned[%(n)d]);
  interned[%(n)d] = Py_NewRef(value);
  if (PyDict_SetItemString(module_dict, "f%(n)d", value) < 0) { lineno = %(line)d; goto L1; }
  r = Py_NewRef(cache%(n)d);
  goto L0;
L1:;
  Py_XDECREF(t1);
  Py_XDECREF(t2);
  PyErr_Format(PyExc_RuntimeError, "%%s:%%d", filename, lineno);
L0:;
  return r;
}
"""
LINES_EACH = FUNCTION.count("\n")


def scan(lines):
    """Scans a file of so many lines; gives seconds of CPU, bytes of the largest process, and the report."""
    count = lines // LINES_EACH
    folder = support.work / f"large-{lines}"
    folder.mkdir(parents=True, exist_ok=True)
    functions = [FUNCTION % {"n": n, "line": n * 3} for n in range(count)]
    (folder / "gen.c").write_text(HEAD % count + "".join(functions))
    report = folder / "report.json"
    line = [support.isoaudit, "scan", folder / "gen.c", "--no-cache", "--format", "json", "-o", report, "-q",
            "--python", support.interpreter(VERSION), "--fail-on", "never"]
    child = subprocess.Popen(line, stdout=subprocess.DEVNULL)
    # With what its own processes used, which it waits for.
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    expect_equal(child.returncode, support.INCONCLUSIVE, "exit status of a scan whose commands are guessed")
    return used.ru_utime + used.ru_stime, used.ru_maxrss << 10, report.read_text(), count


def memory_and_time():
    small_time, _, _, _ = scan(12_500)
    time, memory, report, count = scan(50_000)
    for name in (f"cache{count - 1}", f"counter{count - 1}", "interned"):
        expect(f'"{name}"' in report, f"nothing is said of {name}")
    expect(memory < MOST_MEMORY, f"50,000 lines took {memory >> 20} MB")
    expect(time < 6 * small_time, f"12,500 lines took {small_time:.2f} s, 50,000 took {time:.2f} s")


CHECKS = {"memory_and_time": memory_and_time}

if __name__ == "__main__":
    sys.exit(support.main(CHECKS))
