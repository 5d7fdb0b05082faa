"""Source trees without compile commands: what build files say is read and never run."""

import json
import pathlib
import shutil
import subprocess
import sys
import tarfile

import support
from support import FINDINGS, INCONCLUSIVE, ROOT, expect, expect_equal, expect_gap, report

VERSION = "3.14"
# As cli/CMakeLists.txt puts it together.
READER = "\n\n".join(
    (ROOT / "cli" / "project_settings" / f"{part}.py").read_text()
    for part in ("project", "setup_values", "setup_reader", "build_files")
)

SETUP = """
import os
import sys
from setuptools import Extension, setup

open("executed", "w").close()
here = os.path.dirname(os.path.abspath(__file__))
macros = [("NAME", "kept")]
if sys.platform == "win32":
    macros += [("NAME", "windows")]
setup(
    name="demo",
    ext_modules=[Extension("demo", sources=["src/demo.c"], include_dirs=[os.path.join(here, "inc")],
                           define_macros=macros)],
)
"""
UNIT = """#include <Python.h>
#include <made.h>
static PyObject *NAME;
PyObject *keep(PyObject *self, PyObject *o) { NAME = SHARE(o); return o; }
"""


def project(name, setup=SETUP):
    folder = support.work / f"guessed-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "src").mkdir(parents=True)
    (folder / "inc").mkdir()
    (folder / "setup.py").write_text(setup)
    (folder / "src" / "demo.c").write_text(UNIT)
    (folder / "inc" / "made.h").write_text("#define SHARE(o) Py_NewRef(o)\n")
    return folder


def scan(target, status):
    return report("scan", target, "--python", support.interpreter(VERSION), "--no-cache", status=status)


def found(parsed):
    return sorted((f["rule"], f["symbol"], f["location"]["file"], f["location"]["line"]) for f in parsed["findings"])


def folder_and_archive():
    folder = project("folder")
    parsed = scan(folder, FINDINGS)
    wanted = [("global-pyobject-cache", "kept", "src/demo.c", 3)]
    expect_equal(found(parsed), wanted, "findings")
    expect_equal(parsed["gaps"], [], "gaps")
    expect("1 unit compiled as setup.py says" in " ".join(parsed["notes"]), str(parsed["notes"]))
    expect(not list(folder.rglob("executed")), "setup.py was run")

    archive = folder.parent / "demo-1.0.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(folder, "demo-1.0")
    packed = scan(archive, FINDINGS)
    prefix = f"{archive}/demo-1.0/"
    expect_equal(found(packed), [(r, s, prefix + f, n) for r, s, f, n in wanted], "findings in the archive")
    expect_equal(packed["gaps"], [], "gaps")
    expect(str(archive) in " ".join(packed["notes"]) and "/isoaudit-" not in json.dumps(packed), str(packed["notes"]))


def libraries_that_are_brought_along():
    """What no build file names is told of, by the names of the archive; tests of such a library are nothing to tell."""
    folder = project("bringer", "from made_elsewhere import setup\nsetup()\n")
    library = folder / "third_party" / "fast"
    library.mkdir(parents=True)
    (library / "fast.h").write_text("")
    for name in ("sort", "find_test"):
        (library / f"{name}.cc").write_text('#include "fast.h"\nint counter;\nvoid count() { ++counter; }\n')
    (folder / "src" / "demo.c").write_text(UNIT + '#include "../third_party/fast/fast.h"\n')
    archive = folder.parent / "bringer-1.0.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(folder, "bringer-1.0")
    parsed = scan(archive, FINDINGS)
    expect_equal([row[1] for row in found(parsed)], ["NAME"], "findings")
    expect_gap(parsed, str(archive), "1 source of a library that is brought along was not read, for no build file of the "
               "project names it: bringer-1.0/third_party/fast (1)")
    expect("1 source was taken for no part of its modules" in " ".join(parsed["notes"]), str(parsed["notes"]))
    # Modules were not asked for of an archive of sources.
    audited = report("audit", archive, "--python", support.interpreter(VERSION), "--no-probe", "--no-cache", status=FINDINGS)
    expect("no compiled modules" not in " ".join(audited["notes"]), str(audited["notes"]))


def an_archive_beside_a_module():
    """Whoever names the sources of a module wants them read, in a folder or packed."""
    folder = project("beside")
    archive = folder.parent / "beside-1.0.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(folder, "beside-1.0")
    python = support.interpreter(VERSION)
    module = support.compile_module(ROOT / "examples" / "counter.c", folder.parent, python)
    for named in (folder, archive):
        parsed = report("audit", named, module, "--python", python, "--no-probe", "--no-cache", status=FINDINGS)
        expect("kept" in [row[1] for row in found(parsed)], support.brief(parsed))


def what_is_no_literal():
    folder = project("unknown", SETUP.replace("define_macros=macros", "define_macros=find_them()"))
    (folder / "pkg").mkdir()
    (folder / "pkg" / "fast.pyx").write_text("")
    parsed = scan(folder, FINDINGS)
    expect_equal([row[1] for row in found(parsed)], ["NAME"], "findings")
    expect_gap(parsed, folder.name, "how 1 unit is compiled was guessed from includes and setup.py")
    expect_gap(parsed, folder.name, "1 file that a build makes C or C++ of", "pkg/fast.pyx")


def missing_headers():
    folder = project("missing")
    (folder / "inc" / "made.h").unlink()
    parsed = scan(folder, FINDINGS)
    expect_gap(parsed, "src/demo.c", "src/demo.c:2: 'made.h' file not found")
    expect_equal([row[1] for row in found(parsed)], ["kept"], "what could be seen")


def nothing_to_scan():
    folder = project("nothing")
    shutil.rmtree(folder / "src")
    (folder / "tests").mkdir()
    (folder / "tests" / "a.c").write_text("int a;\n")
    expect_gap(scan(folder, INCONCLUSIVE), folder.name, "looks like a part of an extension module")


LITERALS = [
    # setup.py; its extensions as (sources, include_dirs, flags); whether they are the whole story
    ("setup(ext_modules=[Extension('a', ['a.c'])])", [(["a.c"], [], [])], True),
    ("S = ['a.c']\nS.append('b.c')\nS += ['c.c']\nsetup(ext_modules=[Extension('a', S)])", [(["a.c", "b.c", "c.c"], [], [])], True),
    ("E = [Extension(f'p.{n}', [f'p/{n}.c'], extra_compile_args=['-std=c11'] + ['-O2']) for n in ('x', 'y')]\n"
     "setup(ext_modules=E)", [(["p/x.c"], [], ["-std=c11", "-O2"]), (["p/y.c"], [], ["-std=c11", "-O2"])], True),
    ("kw = dict(sources=['a.c'])\nsetup(ext_modules=[Extension('a', **{'sources': ['a.c'], 'define_macros': [('X', 1), ('Y', None)]})])",
     [(["a.c"], [], ["-DX=1", "-DY"])], True),
    ("import os\nif os.environ.get('PURE'):\n    E = []\nelse:\n    E = [Extension('a', glob.glob('src/*.c'))]\nsetup(ext_modules=E)",
     [(["src/one.c", "src/two.c"], [], [])], True),
    ("from pathlib import Path\nR = Path(__file__).parent\nsetup(ext_modules=[Pybind11Extension('a', [str(R / 'a.cpp')], cxx_std=20)])",
     [(["a.cpp"], [], ["-std=c++20"])], True),
    ("def ext(name):\n    return Extension(name, [name + '.c'])\nsetup(ext_modules=[ext('a')])", [(["a.c"], [], [])], True),
    ("setup(ext_modules=cythonize('src/*.pyx'))", [(["src/fast.pyx"], [], [])], True),
    ("import numpy\nsetup(ext_modules=[Extension('a', ['a.c'], include_dirs=['inc', numpy.get_include()])])",
     [(["a.c"], ["inc"], [])], False),
    ("S = platform.uname().system\nF = ['-O2']\nif S == 'SunOS':\n    F.append('-xc99')\nelse:\n    F += ['-std=c99']\n"
     "setup(ext_modules=[Extension('a', ['a.c'], extra_compile_args=F)])", [(["a.c"], [], ["-O2", "-std=c99"])], True),
    ("F = ['-O2']\nif unknown():\n    F.append('-DX')\nsetup(ext_modules=[Extension('a', ['a.c'], extra_compile_args=F)])",
     [(["a.c"], [], ["-O2", "-DX"])], False),
    ("class build_ext(base): pass\nsetup(ext_modules=[Extension('a', ['a.c'])], cmdclass={'build_ext': build_ext})",
     [(["a.c"], [], [])], False),
    ("def main():\n    setup(ext_modules=[Extension('a', ['a.c'])])\nif unknown():\n    main()", [(["a.c"], [], [])], False),
    ("e = Extension('a', ['a.c'])\ne.extra_compile_args = find()\nsetup(ext_modules=[e])", [(["a.c"], [], [])], False),
    ("while True: pass\nx = 'a' * 10**9\nsetup(ext_modules=[Extension('a', ['a.c'])])", [(["a.c"], [], [])], True),
    ("setup(ext_modules=[Extension('a', ['a.c']", [], False),
    ("(" * 5000, [], False),
    ("\0", [], False),
    ("print 'two'", [], False),
]


def literals():
    folder = support.work / "guessed-literals"
    (folder / "src").mkdir(parents=True, exist_ok=True)
    for name in ("one.c", "two.c", "fast.pyx"):
        (folder / "src" / name).write_text("")
    python = support.interpreter(VERSION)
    for text, wanted, whole in LITERALS:
        (folder / "setup.py").write_text(text)
        words = ["sh", "-c", '"$@" 3>&1 >/dev/null', "sh", python, "-I", "-S", "-c", READER, folder]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        expect_equal(done.returncode, 0, f"{text}\n{done.stderr}")
        [settings] = json.loads(done.stdout)
        base = f"{folder.resolve()}/"
        relative = [
            ([s.removeprefix(base) for s in e["sources"]], [d.removeprefix(base) for d in e["include_dirs"]], e["flags"])
            for e in settings["extensions"]
        ]
        expect_equal(relative, [tuple(one) for one in wanted], f"extensions of\n{text}")
        expect_equal(settings["whole"], whole, f"whether that is all\n{text}")


def other_build_files():
    folder = project("toml", "")
    (folder / "setup.py").unlink()
    (folder / "pyproject.toml").write_text(
        '[[tool.setuptools.ext-modules]]\nname = "demo"\nsources = ["src/demo.c"]\ninclude-dirs = ["inc"]\n'
        'define-macros = [["NAME", "toml"]]\n'
    )
    parsed = scan(folder, FINDINGS)
    expect_equal([row[1] for row in found(parsed)], ["toml"], "findings")
    expect_equal(parsed["gaps"], [], "gaps")


def a_file_in_a_project():
    folder = project("file")
    parsed = scan(folder / "src" / "demo.c", FINDINGS)
    expect_equal([(row[1], pathlib.Path(row[2]).name) for row in found(parsed)], [("kept", "demo.c")], "findings")


def pythons_internal_headers():
    """They are searched for those who name them."""
    folder = project("internal")
    (folder / "src" / "demo.c").write_text("#define Py_BUILD_CORE_MODULE\n#include <Python.h>\n#include <pycore_long.h>\n")
    expect_equal(scan(folder, support.CLEAN)["gaps"], [], "gaps")


def paths_on_stdin():
    folder = project("stdin")
    parsed = report("scan", "-", "--python", support.interpreter(VERSION), "--no-cache", status=FINDINGS,
                    input=f"{folder / 'src' / 'demo.c'}\n".encode())
    expect_equal([row[1] for row in found(parsed)], ["kept"], "findings")


CHECKS = {
    check.__name__: check
    for check in (folder_and_archive, libraries_that_are_brought_along, an_archive_beside_a_module, what_is_no_literal, missing_headers, nothing_to_scan, literals, other_build_files,
                  a_file_in_a_project, paths_on_stdin,
                  pythons_internal_headers)
}

if __name__ == "__main__":
    sys.exit(support.main(CHECKS))
