"""Several --python: sources are read under each one's headers, and what is said of one Python is not said of another."""

import json
import pathlib
import sys

import support
from support import CLEAN, FINDINGS, expect, expect_equal, report, temporary_folder

SOURCE = """\
#include <Python.h>

static PyObject *always;
#if PY_VERSION_HEX < 0x030E0000
static PyObject *of_old;
#endif
#if PY_VERSION_HEX >= 0x030E0000
static PyObject *of_new;
#endif

static PyObject *set(PyObject *self, PyObject *value) {
    Py_XSETREF(always, Py_NewRef(value));
#if PY_VERSION_HEX < 0x030E0000
    Py_XSETREF(of_old, Py_NewRef(value));
#endif
#if PY_VERSION_HEX >= 0x030E0000
    Py_XSETREF(of_new, Py_NewRef(value));
#endif
    (void)self;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"set", set, METH_O, NULL}, {NULL, NULL, 0, NULL}};
static PyModuleDef_Slot slots[] = {
#if PY_VERSION_HEX >= 0x030E0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "versions", NULL, 0, methods, slots, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_versions(void) { return PyModuleDef_Init(&definition); }
"""


def project(folder, built_for):
    """One unit, whose command names the headers of that interpreter, or none."""
    (folder / "versions.c").write_text(SOURCE)
    words = ["cc", "-c", "versions.c"]
    if built_for:
        words[1:1] = ["-I", support.ask(support.interpreter(built_for), "sysconfig.get_path('include')")]
    row = {"directory": str(folder), "file": "versions.c", "arguments": words}
    (folder / "compile_commands.json").write_text(json.dumps([row]))


def scan(folder, *versions):
    asked = [word for version in versions for word in ("--python", support.interpreter(version))]
    return report("scan", folder, "--cache-dir", folder / "kept", *asked, status=(CLEAN, FINDINGS))


def pythons_of(parsed):
    """Variable → the Pythons that a finding names; those of several findings one after the other."""
    found = {}
    for finding in parsed["findings"]:
        if finding["symbol"] in ("always", "of_old", "of_new"):
            found.setdefault(finding["symbol"], []).extend(finding["pythons"] or ["all"])
    return found


def sources_under_each():
    for built_for in (None, "3.13", "3.14"):
        with temporary_folder() as name:
            folder = pathlib.Path(name)
            project(folder, built_for)
            for _ in ("first", "from what is kept"):
                parsed = scan(folder, "3.13", "3.14")
                wanted = {"always": ["all"], "of_old": ["3.13"], "of_new": ["3.14"]}
                expect_equal(pythons_of(parsed), wanted, f"built for {built_for}\n{support.brief(parsed)}")
                expect_equal(parsed["gaps"], [], "gaps")
                hooks = parsed["modules"][0]["entry_points"]
                declared = [(hook["only_for"], hook["declares"]["multiple_interpreters"]) for hook in hooks]
                expect_equal(declared, [(["3.13"], "absent"), (["3.14"], "per-interpreter-gil")], "declared")
            expect_equal(pythons_of(scan(folder, "3.13")), {"always": ["all"], "of_old": ["all"]}, "3.13 alone")
            expect_equal(pythons_of(scan(folder, "3.14")), {"always": ["all"], "of_new": ["all"]}, "3.14 alone")


def verdicts_of_each():
    """The same sources with their modules: what only 3.14 sees is no matter of 3.13's verdict."""
    with temporary_folder() as name:
        folder = pathlib.Path(name)
        project(folder, "3.13")
        modules = {}
        for version in ("3.13", "3.14"):
            modules[version] = support.compile_module(folder / "versions.c", folder, support.interpreter(version))
        asked = [word for version in modules for word in ("--python", support.interpreter(version))]
        parsed = report("audit", folder, *asked, "--no-probe", "--no-cache", status=(CLEAN, FINDINGS))
        found = {module["path"].rsplit("/", 1)[-1]: module["verdicts"] for module in parsed["modules"]}
        for version, module in modules.items():
            verdicts = found[module.name]
            expect_equal([v["python"] for v in verdicts], [version], f"columns of {module.name}\n{support.brief(parsed)}")
        named = pythons_of(parsed)
        expect_equal((named["of_old"], named["of_new"]), (["3.13"], ["3.14"]), support.brief(parsed))
        expect(all(p == "all" for p in named["always"]), support.brief(parsed))


CHECKS = {check.__name__: check for check in (sources_under_each, verdicts_of_each)}

if __name__ == "__main__":
    sys.exit(support.main(CHECKS))
