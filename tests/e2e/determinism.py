"""Same input, same bytes out: whatever the number of jobs, and however long a step took."""

import re
import sys

import examples
import support
from support import ROOT, expect

VERSION = "3.14"


def bytes_of(command, *arguments):
    code, out, err = support.run(command, *arguments, "--format", "json")
    expect(code in (support.CLEAN, support.FINDINGS), f"{command}: exit status {code}\n{err}")
    return re.sub(r'"seconds": [0-9.e-]+', '"seconds": 0', out)


def expect_same(first, second, what):
    if first == second:
        return
    for number, (a, b) in enumerate(zip(first.splitlines(), second.splitlines()), 1):
        expect(a == b, f"{what}: line {number} differs:\n  {a}\n  {b}")
    expect(False, f"{what}: one report is longer")


def built():
    python = support.interpreter(VERSION)
    folder = support.work / "determinism"
    examples.build(python, folder)
    return python, folder


def reading():
    python, folder = built()
    arguments = ["audit", ROOT / "examples", "-p", folder, "--python", python, "--no-probe"]
    first = bytes_of(*arguments, "-j", 1)
    expect_same(first, bytes_of(*arguments, "-j", 1), "a second audit")
    expect_same(first, bytes_of(*arguments, "-j", 4), "an audit with four jobs")


def running():
    """Modules whose behaviour is not itself a matter of luck: the mended ones, and those that are refused."""
    python, folder = built()
    modules = sorted(folder.glob("*_fixed.*.so")) + sorted(folder.glob("s*_init.*.so"))
    expect(len(modules) > 15, f"only {len(modules)} modules")
    first = bytes_of("probe", *modules, "--python", python, "-j", 1)
    expect_same(first, bytes_of("probe", *modules, "--python", python, "-j", 4), "a second probe")


CHECKS = {"reading": reading, "running": running}

if __name__ == "__main__":
    sys.exit(support.main(CHECKS))
