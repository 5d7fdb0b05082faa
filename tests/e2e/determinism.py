"""Same input, same bytes out: whatever the number of jobs, and however long a step took."""

import json
import re
import sys

import examples
import support
from support import ROOT, expect

VERSION = "3.14"
# A line that says how a level ended at which interpreters run at once.
ENDED_RACING = " with several interpreters at once"


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


def names(modules):
    return [module.name.split(".")[0] for module in modules]


def running():
    """Modules whose behaviour is not itself a matter of luck: those that share nothing when they are let in. (A refused
    one is forced, and a single-phase module's one dict for all interpreters then races in CPython itself.)"""
    python, folder = built()
    modules = sorted(folder.glob("*_fixed.*.so")) + sorted(folder.glob("multi_phase_init.*.so"))
    expect(len(modules) > 15, f"only {len(modules)} modules")
    first = bytes_of("probe", *modules, "--python", python, "-j", 1)
    expect_same(first, bytes_of("probe", *modules, "--python", python, "-j", 4), "a second probe")


def racing():
    """Modules that share something crash in one run and survive in the next: no two runs of them are the same. What is
    found and said of them is, because it comes from looking and not from waiting for the crash."""
    python, folder = built()
    modules = sorted(set(folder.glob("*.so")) - set(folder.glob("*_fixed.*.so")))
    expect("single_phase_init" in names(modules) and len(modules) > 15, f"modules: {names(modules)}")

    def said(jobs):
        arguments = ["probe", *modules, "--python", python, "--format", "json", "-j", jobs]
        parsed = json.loads(support.run(*arguments)[1])
        for module in parsed["modules"]:
            for verdict in module["verdicts"]:
                del verdict["phases"]
        for finding in parsed["findings"]:
            finding["because"] = [line for line in finding["because"] if ENDED_RACING not in line["text"]]
        return json.dumps(parsed, indent=1)

    expect_same(said(1), said(4), "a second probe")


def times():
    """Where the time for machine code went is talk, in the order of the modules; the report has no clock in it."""
    _, folder = built()
    modules = sorted(folder.glob("global_exception*.so"))
    code, out, err = support.run("inspect", "--code", "-v", *modules)
    expect(code == support.FINDINGS, f"exit status {code}\n{err}")
    number = r"[0-9.]+"
    line = re.compile(rf"(\w+): {number} MB of code in {number} ms, {number} MB/s: decoding {number} ms, "
                      rf"propagation {number} ms, call graph {number} ms(; debug information {number} ms)?")
    told = [match[1] for match in map(line.fullmatch, err.splitlines()) if match]
    expect(told == names(modules), f"times of {told}, expected {names(modules)}\n{err}")
    expect(" ms" not in out and "MB/s" not in out, f"the report has a clock in it\n{out}")


CHECKS = {"reading": reading, "times": times, "running": running, "racing": racing}

if __name__ == "__main__":
    sys.exit(support.main(CHECKS))
