"""The tests of the module's own distribution, under pytest.

One of the files of helper/, which run one after the other in one namespace, in every interpreter that loads the audited
module. They import nothing that an interpreter has not loaded by itself: a probe that brings modules along would hide
what the audited module needs. Results are plain lists, dicts and strings; the shared object writes them out as events.
"""

import gc

# What an isolated interpreter refuses to everybody, in CPython's own words: a test that needs it says nothing about the
# module that it tests.
REFUSED_BY_PYTHON = (
    "fork not supported for isolated subinterpreters",
    "exec not supported for isolated subinterpreters",
    "daemon threads are disabled in this",
    "signal only works in main thread of the main interpreter",
    "does not support loading in subinterpreters",
    "set_wakeup_fd only works in main thread of the main interpreter",
)


def run_tests(files, root):
    """Runs test files under pytest: what failed (the same in main is no fault), and a sentence on what ran."""
    try:
        import pytest
    except BaseException as error:
        return [], "not run: " + ": ".join(explain(error)[0])
    failed = {}
    counts = {"passed": 0, "failed": 0, "skipped": 0, "not for isolated interpreters": 0}

    class Recorder:
        def pytest_runtest_logreport(self, report):
            if report.skipped:
                counts["skipped"] += 1
            elif report.failed:
                self.note(report.nodeid, report)
            elif report.when == "call":
                counts["passed"] += 1

        def pytest_collectreport(self, report):
            if report.failed:
                self.note(report.nodeid, report)

        def note(self, name, report):
            text = str(report.longrepr)
            if any(words in text for words in REFUSED_BY_PYTHON):
                counts["not for isolated interpreters"] += 1
            elif name not in failed:
                counts["failed"] += 1
                message = getattr(getattr(report.longrepr, "reprcrash", None), "message", text)
                failed[name] = message.strip().partition("\n")[0][:200]

    try:
        # The environment is the whole process's: pytest writes to it for each test, and would be taken for the module.
        import _pytest.runner

        _pytest.runner._update_current_test_var = lambda *_: None
    except (ImportError, AttributeError):
        pass
    options = ["--continue-on-collection-errors", "--capture=sys", "--assert=plain", "-W", "ignore"]
    options += ["--rootdir", root, "-c", "/dev/null"]
    for plugin in ("cacheprovider", "faulthandler", "terminal", "junitxml", "pastebin", "logging"):
        options += ["-p", "no:" + plugin]
    main = pytest.main
    ended = main([*options, *files], [Recorder()])
    if not any(counts.values()) and ended != 5:
        # A conftest.py that needs what is not installed keeps all tests from running: some need nothing of it.
        ended = main([*options, "--noconftest", *files], [Recorder()])
    told = ", ".join(f"{number} {what}" for what, number in counts.items() if number)
    told = told or f"none ran (pytest ended with {int(ended)})"
    gc.collect()
    return [[name, text] for name, text in sorted(failed.items())], told
