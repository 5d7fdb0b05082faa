"""What the end-to-end checks share: running isoaudit, the interpreters, compiled modules, and the list of checks."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from validate_report import validate  # noqa: E402

CLEAN, FINDINGS, USAGE, INCONCLUSIVE = range(4)
# Those that ci/setup can bring to any machine, with headers and CPython's own test modules.
VERSIONS = ["3.13", "3.14", "3.15"]

isoaudit = None  # the program; set by main()
work = None  # a folder that stays from run to run, so that unchanged modules are not built again


class Failed(Exception):
    pass


def expect(truth, message):
    if not truth:
        raise Failed(message)


def expect_equal(found, wanted, what):
    expect(found == wanted, f"{what}: found {found!r}, expected {wanted!r}")


def run(command, *arguments, timeout=300, **more):
    """Runs `isoaudit command arguments`; gives its exit status, stdout and stderr."""
    line = [str(word) for word in (isoaudit, command, *arguments)]
    # What is kept from run to run is these checks' own.
    more.setdefault("env", dict(os.environ, XDG_CACHE_HOME=str(work / "cache")))
    done = subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, **more)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def report(command, *arguments, status=None, **more):
    """The same, as a JSON report: whole, valid, and with the exit status that is expected."""
    code, out, err = run(command, *arguments, "--format", "json", **more)
    shown = f"{command} {' '.join(map(str, arguments))}"
    expect(out.endswith("}\n"), f"{shown}: no whole report (status {code})\n{err}{out[-2000:]}")
    parsed = json.loads(out)
    validate(parsed)
    if status is not None:
        wanted = status if isinstance(status, tuple) else (status,)
        expect(code in wanted, f"{shown}: exit status {code}, expected {status}\n{err}{brief(parsed)}")
    return parsed


def brief(parsed):
    lines = [f"gap: {gap['input']}: {gap['reason']}" for gap in parsed["gaps"]]
    for module in parsed["modules"]:
        for verdict in module["verdicts"]:
            lines.append(f"{module['name']} {verdict['python']}: {verdict['verdict']}: {verdict['reason']}")
            lines += [f"    {p['name']}: {p['outcome']}: {p['detail']}" for p in verdict["phases"]]
    for finding in parsed["findings"]:
        where = finding["location"]
        lines.append(f"{where['file']}:{where['line']}: {finding['severity']} {finding['rule']}: {finding['message']}")
    return "\n".join(lines)


def expect_gap(parsed, *words):
    """Some gap holds all of `words`, in its input or its reason."""
    texts = [f"{gap['input']}: {gap['reason']}" for gap in parsed["gaps"]]
    expect(
        any(all(word.lower() in text.lower() for word in words) for text in texts),
        f"no gap says {words!r}\n{brief(parsed)}",
    )


def only_verdict(parsed):
    expect_equal(len(parsed["modules"]), 1, f"modules\n{brief(parsed)}")
    expect_equal(len(parsed["modules"][0]["verdicts"]), 1, f"verdicts\n{brief(parsed)}")
    return parsed["modules"][0]["verdicts"][0]


def phase(verdict, name):
    for one in verdict["phases"]:
        if one["name"] == name:
            return one
    raise Failed(f"no phase {name} in {json.dumps(verdict, indent=1)}")


def interpreter(version):
    """Path of the interpreter of that version which ci/setup keeps (and brings, when it is missing)."""
    done = subprocess.run([ROOT / "ci" / "setup", "cpython", version], stdout=subprocess.PIPE, check=True, text=True)
    return pathlib.Path(done.stdout.split()[-1])


def ask(python, expression):
    done = subprocess.run(
        [python, "-I", "-c", f"import sysconfig, sys; print({expression})"],
        stdout=subprocess.PIPE, check=True, text=True,
    )
    return done.stdout.strip()


def compile_module(source, folder, python, name=None):
    """Compiles one C file into an extension module for `python`; returns its path."""
    name = name or source.stem
    module = pathlib.Path(folder) / (name + ask(python, "sysconfig.get_config_var('EXT_SUFFIX')"))
    include = ask(python, "sysconfig.get_path('include')")
    command = ["cc", "-O2", "-g", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror", f"-DMODULE={name}"]
    subprocess.run([*command, "-isystem", include, str(source), "-o", str(module)], check=True)
    return module


def temporary_folder():
    return tempfile.TemporaryDirectory(prefix="isoaudit-e2e-")


def main(checks):
    """`checks` are functions by name. `--list` prints the names: CMake makes one test of each."""
    global isoaudit, work
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--isoaudit", type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    if options.list:
        print("\n".join(checks))
        return 0
    isoaudit = options.isoaudit.resolve()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    os.environ.pop("PYTHONPATH", None)
    failed = 0
    for name in options.names or list(checks):
        try:
            checks[name]()
            print(f"{name}: passed", flush=True)
        except Failed as failure:
            failed = 1
            print(f"{name}: FAILED: {failure}", flush=True)
    return failed
