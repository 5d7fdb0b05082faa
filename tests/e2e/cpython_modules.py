"""CPython's own test modules against ../truth/cpython_testmodule_matrix.tsv: what the import system did with each hook, in
each kind of interpreter, on each version."""

import functools
import sys

import support
from support import ROOT, VERSIONS, expect, expect_equal

MATRIX = ROOT / "tests" / "truth" / "cpython_testmodule_matrix.tsv"
PHASES = {"main": "main", "legacy": "legacy", "shared-gil-strict": "strict-shared-gil", "isolated": "isolated"}
# What an interpreter that is asked with the extension check says, in the shared-GIL and in the isolated case.
DECLARED = {
    ("ok", "ok"): {("multi-phase", "per-interpreter-gil"), ("export-slots", "per-interpreter-gil")},
    ("ok", "refused"): {
        ("multi-phase", "absent"),
        ("multi-phase", "supported"),
        ("export-slots", "absent"),
        ("export-slots", "supported"),
    },
    ("refused", "refused"): {
        ("single-phase", "absent"),
        ("single-phase", "undetermined"),
        ("multi-phase", "not-supported"),
        ("export-slots", "not-supported"),
    },
}


def outcome(result):
    if result.startswith("RESULT okay"):
        return "ok"
    return "refused" if "does not support loading in subinterpreters" in result else "error"


def matrix(version):
    """hook → interpreter kind → outcome, nothing imported before."""
    table = {}
    for line in MATRIX.read_text().splitlines():
        row_version, hook, kind, imported_before, result = line.split("\t")
        if row_version == version and imported_before == "0":
            table.setdefault(hook, {})[kind] = outcome(result)
    expect(len(table) > 25, f"the matrix holds {len(table)} hooks for {version}")
    return table


def test_module(python, name):
    folder = support.ask(python, "__import__('sysconfig').get_path('platstdlib')") + "/lib-dynload/"
    return folder + name + support.ask(python, "sysconfig.get_config_var('EXT_SUFFIX')")


def compare_declared(entries, truth):
    """Each hook that the matrix knows says of itself what the import system made of it."""
    compared = 0
    for entry in entries:
        kinds = truth.get(entry["symbol"].split("_", 1)[1])
        if kinds is None:
            continue
        allowed = DECLARED.get((kinds["shared-gil-strict"], kinds["isolated"]))
        if allowed is None:
            continue  # it fails for a reason of its own before it is asked
        declares = entry["init"], entry["declares"]["multiple_interpreters"]
        expect(declares in allowed, f"{entry['symbol']}: {declares}, though the import system says {kinds}")
        compared += 1
    return compared


def compare(version):
    truth = matrix(version)
    python = support.interpreter(version)
    hooks = 0
    for name in ("_testmultiphase", "_testsinglephase"):
        report = support.report("audit", test_module(python, name), "--python", python)
        verdict = support.only_verdict(report)
        for kind, phase in PHASES.items():
            found = support.phase(verdict, phase)
            # What isolated interpreters let in is not asked for less; the matrix agrees.
            if truth[name]["isolated"] == "ok" and kind in ("legacy", "shared-gil-strict"):
                expect_equal((truth[name][kind], found["outcome"]), ("ok", "skipped"), f"{name} in {kind}")
                continue
            expect_equal(found["outcome"], truth[name][kind], f"{name} in {kind} ({found['detail']})")
        hooks += compare_declared(report["modules"][0]["entry_points"], truth)
    # 17 of the hooks of 3.13 are let in or refused; the others raise in every interpreter.
    expect(hooks >= 15, f"only {hooks} hooks were compared")
    # xxlimited keeps everything in its state; xxlimited_35 is the same module before it was ported: multi-phase without the
    # slot, its exception and its type in static variables (Modules/xxlimited_35.c).
    for name, wanted, rules in (
        ("xxlimited", "isolated", set()),
        (
            "xxlimited_35",
            "shared-gil-only",
            {"no-multiple-interpreters-slot", "global-exception", "global-heap-type-pointer"},
        ),
    ):
        report = support.report("audit", test_module(python, name), "--python", python)
        expect_equal(support.only_verdict(report)["verdict"], wanted, f"{name}\n{support.brief(report)}")
        found = {finding["rule"] for finding in report["findings"] if finding["severity"] != "advice"}
        expect_equal(found, rules, f"rules found in {name}")


CHECKS = {version: functools.partial(compare, version) for version in VERSIONS}

if __name__ == "__main__":
    sys.exit(support.main(CHECKS))
