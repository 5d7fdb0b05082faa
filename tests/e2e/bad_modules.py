"""Modules that misbehave when they are loaded (modules/*.c): each ends in an outcome that says what happened, in a report
that is whole, and never takes the audit with it."""

import json
import os
import pathlib
import sys
import time

import support
from support import CLEAN, FINDINGS, INCONCLUSIVE, expect, expect_equal, report, temporary_folder

VERSION = "3.14"
MODULES = pathlib.Path(__file__).resolve().parent / "modules"


def processes_with(word):
    """Ids of processes whose command line names `word`."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and word.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue  # it ended meanwhile
    return [pid for pid in found if pid != os.getpid()]


def audited(name, status, *options):
    """The report on modules/NAME.c and its verdict. Nothing that it started is left running."""
    python = support.interpreter(VERSION)
    with temporary_folder() as folder:
        module = support.compile_module(MODULES / f"{name}.c", folder, python)
        parsed = report("audit", module, "--python", python, *options, status=status)
        for _ in range(50):
            left = processes_with(folder)
            if not left:
                break
            time.sleep(0.1)
        expect(not left, f"still running: {left}")
    return parsed, support.only_verdict(parsed)


def expect_undecided(name, outcome, *words, options=()):
    """It fails in the main interpreter already: not decided, and the detail says why."""
    parsed, verdict = audited(name, INCONCLUSIVE, *options)
    main = support.phase(verdict, "main")
    expect_equal((verdict["verdict"], main["outcome"]), ("unknown", outcome), f"verdict, outcome\n{support.brief(parsed)}")
    for word in words:
        expect(word.lower() in main["detail"].lower(), f"the detail does not say {word!r}: {main['detail']}")
        expect(word.lower() in verdict["reason"].lower(), f"the reason does not say {word!r}: {verdict['reason']}")


def expect_unsafe(name, outcome, *words, options=()):
    """It promised support, and fails where it promised: that is a finding, not a gap."""
    parsed, verdict = audited(name, FINDINGS, *options)
    expect_equal(support.phase(verdict, "main")["outcome"], "ok", "main")
    isolated = support.phase(verdict, "isolated")
    expect_equal((verdict["verdict"], isolated["outcome"]), ("unsafe", outcome), f"verdict\n{support.brief(parsed)}")
    for word in words:
        expect(word.lower() in verdict["reason"].lower(), f"the reason does not say {word!r}: {verdict['reason']}")


def aborts():
    expect_undecided("aborts", "crashed", "SIGABRT")


def aborts_in_subinterpreter():
    expect_unsafe("aborts_in_subinterpreter", "crashed", "SIGABRT")


def hangs():
    expect_undecided("hangs", "timed-out", options=("--timeout", "2"))


def hangs_in_subinterpreter():
    expect_unsafe("hangs_in_subinterpreter", "timed-out", options=("--timeout", "2"))


def exits():
    expect_undecided("exits", "exited")


def exits_at_once():
    expect_undecided("exits_at_once", "exited")


def fakes_success():
    expect_undecided("fakes_success", "exited")


def closes_descriptors():
    """Nothing can be heard of it any more, so nothing is claimed."""
    expect_undecided("closes_descriptors", "exited")


def raises_system_exit():
    expect_undecided("raises_system_exit", "error", "SystemExit")


def raises_keyboard_interrupt():
    expect_undecided("raises_keyboard_interrupt", "error", "KeyboardInterrupt")


def prints_megabytes():
    """Loud, and otherwise fine: the verdict is not harmed, and the report keeps a taste of it."""
    parsed, verdict = audited("prints_megabytes", CLEAN)
    expect_equal(verdict["verdict"], "isolated", support.brief(parsed))
    size = len(json.dumps(parsed))
    expect(size < 200_000, f"the report has {size} bytes")
    expect("!!!!" in support.phase(verdict, "main").get("output", ""), "nothing of what it printed is shown")


def forks():
    """The second process is not listened to, does not outlive the audit, and is told of; the call is a finding."""
    parsed, verdict = audited("forks", FINDINGS)
    expect_equal(verdict["verdict"], "suspect", support.brief(parsed))
    expect_equal([f["rule"] for f in parsed["findings"]], ["fork-exec-in-c"], "rules")
    expect("it uses `fork`" in verdict["reason"], verdict["reason"])
    expect_equal(len([p for p in verdict["phases"] if p["name"] == "main"]), 1, "phases in main")
    for name in ("main", "isolated", "isolated-concurrent"):
        expect("forked" in support.phase(verdict, name)["detail"], f"{name} does not say that it forked")


CHECKS = {
    check.__name__: check
    for check in (
        aborts,
        aborts_in_subinterpreter,
        hangs,
        hangs_in_subinterpreter,
        exits,
        exits_at_once,
        fakes_success,
        closes_descriptors,
        raises_system_exit,
        raises_keyboard_interrupt,
        prints_megabytes,
        forks,
    )
}

if __name__ == "__main__":
    sys.exit(support.main(CHECKS))
