"""--build: a project's own build is run in a copy; what it compiled, and the wheel that it made, are read."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time

import support
from support import FINDINGS, INCONCLUSIVE, ROOT, USAGE, expect, expect_equal, expect_gap, report

VERSION = "3.14"

# A backend of PEP 517 that needs nothing from anywhere.
BACKEND = '''
import base64, hashlib, os, pathlib, subprocess, sysconfig, zipfile


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    before()
    pathlib.Path("made.h").write_text("#define NAME made_by_the_build\\n")
    module = "demo" + sysconfig.get_config_var("EXT_SUFFIX")
    flags = os.environ["CFLAGS"].split()
    subprocess.run(["cc", "-g", "-fPIC", "-shared", *flags, "-DSHARE=Py_NewRef", "-I.",
                    "-isystem", sysconfig.get_path("include"), "src/demo.c", "-o", module], check=True)
    info = "demo-1.0.dist-info"
    files = {module: pathlib.Path(module).read_bytes(), info + "/METADATA": b"Metadata-Version: 2.1\\nName: demo\\nVersion: 1.0\\n",
             info + "/WHEEL": b"Wheel-Version: 1.0\\nRoot-Is-Purelib: false\\nTag: cp314-cp314-linux_x86_64\\n"}
    record = "".join(f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}\\n"
                     for name, data in files.items())
    wheel = "demo-1.0-cp314-cp314-linux_x86_64.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, wheel), "w") as packed:
        for name, data in files.items():
            packed.writestr(zipfile.ZipInfo(name), data)
        packed.writestr(zipfile.ZipInfo(info + "/RECORD"), record + info + "/RECORD,,\\n")
    return wheel


def before():
    %s
'''
UNIT = (ROOT / "examples" / "multi_phase_init.c").read_text().replace("multi_phase_init", "demo")
SHARED = """
#include "made.h"
static PyObject *NAME;
__attribute__((used)) static void keep(PyObject *o) { NAME = SHARE(o); }
"""


def pip_folder():
    setup = [ROOT / "ci" / "setup", "wheels", VERSION, "manylinux", ROOT / "tests" / "e2e" / "pip.txt"]
    return subprocess.run(setup, stdout=subprocess.PIPE, check=True, text=True).stdout.split()[-1]


def environment():
    return dict(os.environ, PYTHONPATH=pip_folder(), XDG_CACHE_HOME=str(support.work / "cache"))


def project(name, before="pass"):
    folder = support.work / f"build-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "src").mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n')
    (folder / "backend.py").write_text(BACKEND % before)
    (folder / "src" / "demo.c").write_text(UNIT + SHARED)
    return folder


def contents(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*") if path.is_file()
    }


def run(command, target, *arguments, status):
    return report(command, target, "--build", "--python", support.interpreter(VERSION), *arguments, status=status,
                  env=environment())


def kept(parsed):
    return [f for f in parsed["findings"] if f["symbol"] == "made_by_the_build"]


def sources_as_they_were_compiled():
    folder = project("scan")
    before = contents(folder)
    parsed = run("scan", folder, status=FINDINGS)
    expect_equal(parsed["gaps"], [], "gaps")
    [finding] = kept(parsed)
    expect_equal(finding["location"]["file"], "src/demo.c", "the file's name")
    expect("was built in a copy: bear -- " in " ".join(parsed["notes"]), str(parsed["notes"]))
    expect_equal(contents(folder), before, "the user's own tree")


def commands_of_an_earlier_build():
    """Kept in the tree they tell of another build, in another place."""
    folder = project("earlier")
    (folder / "made.h").write_text("#define NAME made_long_ago\n")
    for name in (".", "out"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "compile_commands.json").write_text(json.dumps([
            {"directory": str(folder), "file": "src/demo.c", "arguments": ["cc", "-DSHARE=", "-I.", "-c", "src/demo.c"]}]))
    parsed = run("scan", folder, status=FINDINGS)
    expect_equal(parsed["gaps"], [], "gaps")
    [finding] = kept(parsed)
    expect_equal(finding["location"]["file"], "src/demo.c", "the file's name")
    expect((folder / "compile_commands.json").exists(), "the user's own file")


def the_wheel_that_was_built():
    folder = project("audit")
    arguments = ("--interpreters", "2", "--rounds", "1")
    parsed = run("audit", folder, *arguments, status=FINDINGS)
    expect_equal(parsed["gaps"], [], "gaps")
    [module] = parsed["modules"]
    expect(module["path"].startswith("demo-1.0-cp314-cp314-linux_x86_64.whl/demo.cpython-314"), module["path"])
    [verdict] = module["verdicts"]
    expect_equal(verdict["verdict"], "suspect", verdict["reason"])
    expect("made_by_the_build" in verdict["reason"], verdict["reason"])
    [finding] = kept(parsed)
    kinds = {line["kind"] for line in finding["because"]}
    expect(kinds >= {"source", "binary"}, f"not one finding of both: {finding['because']}")
    expect("/isoaudit-" not in json.dumps(parsed), "a temporary folder is named")
    again = run("audit", folder, *arguments, status=FINDINGS)
    for one in (parsed, again):
        for verdict in one["modules"][0]["verdicts"]:
            for phase in verdict["phases"]:
                phase["seconds"] = 0
    expect_equal(again["modules"][0]["sha256"], module["sha256"], "the module that is built from one source")
    expect_equal(again["findings"], parsed["findings"], "findings of the same source")


def a_source_archive():
    folder = project("archive")
    archive = folder.parent / "demo-1.0.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(folder, "demo-1.0")
    parsed = run("scan", archive, status=FINDINGS)
    expect_equal(parsed["gaps"], [], "gaps")
    [finding] = kept(parsed)
    expect_equal(finding["location"]["file"], f"{archive}/demo-1.0/src/demo.c", "the file's name")


def a_build_that_fails():
    folder = project("fails", 'print("so many words"); raise SystemExit("no compiler for " + os.getcwd())')
    (folder / "made.h").write_text("#define NAME in_the_tree\n#define SHARE Py_NewRef\n")
    parsed = run("scan", folder, status=FINDINGS)
    expect_gap(parsed, folder.name, f"its build for Python {VERSION} failed (exit status 1)", "no compiler for")
    expect_gap(parsed, folder.name, "guessed")
    expect("/isoaudit-" not in json.dumps(parsed), "a temporary folder is named")
    expect("in_the_tree" in [f["symbol"] for f in parsed["findings"]], support.brief(parsed))


def a_build_that_does_not_end():
    folder = project("hangs", 'import time; time.sleep(1000)')
    started = time.monotonic()
    parsed = run("scan", folder, "--build-timeout", "15", status=(FINDINGS, INCONCLUSIVE))
    expect(time.monotonic() - started < 120, "it was waited for")
    expect_gap(parsed, folder.name, "took longer than 15 s")


def an_interrupted_build():
    """Ctrl-C ends the build as well, whatever it started."""
    marker = support.work / "build-interrupted.pid"
    marker.unlink(missing_ok=True)
    folder = project("interrupted", f'open({str(marker)!r}, "w").write(str(os.getpid())); import time; time.sleep(1000)')
    line = [support.isoaudit, "scan", folder, "--build", "--python", support.interpreter(VERSION)]
    with subprocess.Popen([str(word) for word in line], env=environment(), stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, start_new_session=True) as process:
        for _ in range(600):
            if marker.exists() and marker.read_text():
                break
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)
        expect_equal(process.wait(20), -signal.SIGINT, "status")
    for _ in range(100):
        try:
            os.kill(int(marker.read_text()), 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    expect(False, "the build goes on")


def nothing_to_build():
    folder = project("nothing")
    for name in ("pyproject.toml", "backend.py"):
        (folder / name).unlink()
    (folder / "made.h").write_text("#define NAME in_the_tree\n#define SHARE Py_NewRef\n")
    parsed = run("scan", folder, status=FINDINGS)
    expect_gap(parsed, folder.name, "no pyproject.toml and no setup.py")
    code, _, err = support.run("scan", folder, "--build", "-p", folder)
    expect_equal(code, USAGE, "exit status of --build with -p")


CHECKS = {
    check.__name__: check
    for check in (sources_as_they_were_compiled, commands_of_an_earlier_build, the_wheel_that_was_built,
                  a_source_archive, a_build_that_fails, a_build_that_does_not_end, an_interrupted_build,
                  nothing_to_build)
}

if __name__ == "__main__":
    sys.exit(support.main(CHECKS))
