"""Where an audited interpreter finds its modules: virtual environments, PYTHONPATH; and the tests that are found there."""

import os
import pathlib
import subprocess
import sys

import support
import targets
from support import CLEAN, ROOT, expect, expect_equal, report, temporary_folder

VERSION = "3.14"
SOURCES = ROOT / "tests" / "e2e" / "modules"
HELPER = "ANSWER = 42\n"


def built(name):
    folder = support.work / "environments" / VERSION
    folder.mkdir(exist_ok=True, parents=True)
    found = list(folder.glob(f"{name}.*.so"))
    return found[0] if found else support.compile_module(SOURCES / f"{name}.c", folder, support.interpreter(VERSION))


def verdict(module, python, **more):
    return support.only_verdict(report("audit", module, "--python", python, "--fail-on", "never", **more))


def site_packages_of_a_venv():
    """What the module imports lies in the environment: found by its interpreter alone."""
    module = built("imports_helper")
    with temporary_folder() as folder:
        python, site = targets.environment(folder)
        without = verdict(module, python)
        expect_equal(without["verdict"], "unknown", without["reason"])
        expect("isoaudit_helper" in without["reason"], without["reason"])
        (site / "isoaudit_helper.py").write_text(HELPER)
        found = verdict(module, python)
        expect_equal(found["verdict"], "isolated", found["reason"])
        base = verdict(module, support.interpreter(VERSION))
        expect_equal(base["verdict"], "unknown", "the interpreter that the environment was made of")


def python_path():
    module = built("imports_helper")
    with temporary_folder() as folder:
        (pathlib.Path(folder) / "isoaudit_helper.py").write_text(HELPER)
        found = verdict(module, support.interpreter(VERSION), env={**os.environ, "PYTHONPATH": folder})
        expect_equal(found["verdict"], "isolated", found["reason"])


def pytest_folder():
    setup = [ROOT / "ci" / "setup", "wheels", VERSION, "manylinux", ROOT / "tests" / "e2e" / "pytest.txt"]
    return subprocess.run(setup, stdout=subprocess.PIPE, check=True, text=True).stdout.split()[-1]


TESTS = """
import sys

import pytest
from pkg import keeps


def test_right():
    assert keeps.keep(1) is None


def test_wrong_everywhere():
    assert keeps is None


@pytest.mark.skip
def test_skipped():
    pass


def test_daemon():
    import threading

    threading.Thread(target=int, daemon=True).start()


def test_main_only():
    import _imp

    assert _imp.create_dynamic.__name__ == "create_dynamic", "unlike main"
"""


def made_up_distribution(site, tests):
    module = built("keeps")
    files = {"pkg/__init__.py": "", "pkg/" + module.name: module, "pkg/elsewhere.py": "raise SystemExit\n"}
    if tests:
        files["pkg/tests/__init__.py"] = ""
        files["pkg/tests/test_keeps.py"] = tests
    targets.install(site, "pkg", files)


def run_tests(tests, path):
    """The verdict and the notes of a distribution whose module keeps what a call gives it."""
    with temporary_folder() as folder:
        python, site = targets.environment(folder)
        made_up_distribution(site, tests)
        environment = {**os.environ, "PYTHONPATH": path}
        parsed = report("audit", "pkg", "--python", python, "--exercise", "tests", "--fail-on", "never", env=environment)
        return support.only_verdict(parsed), parsed


def tests_of_a_distribution():
    """What ran, what failed there and not in main; and what the tests' calls leave in a global is seen."""
    found, parsed = run_tests(TESTS, pytest_folder())
    in_main, isolated = (support.phase(found, name)["detail"] for name in ("main", "isolated"))
    expect("tests in main: 3 passed, 1 failed, 1 skipped" in in_main, in_main)
    expect("2 passed" not in in_main and "1 not for isolated interpreters" in isolated, isolated)
    expect("::test_main_only: " in isolated and "unlike main" in isolated, isolated)
    expect("test_wrong_everywhere" not in isolated, isolated)
    expect_equal(found["verdict"], "unsafe", found["reason"])
    expect("`kept` holds" in found["reason"], found["reason"])


def tests_without_pytest():
    found, parsed = run_tests(TESTS, "")
    detail = support.phase(found, "main")["detail"]
    expect("tests in main: not run: ModuleNotFoundError" in detail, detail)
    expect_equal(support.phase(found, "isolated")["outcome"], "ok", "its level")


def distribution_without_tests():
    _, parsed = run_tests("", pytest_folder())
    expect("pkg.keeps: no tests were run: its distribution brings no tests" in parsed["notes"], str(parsed["notes"]))


CHECKS = {
    check.__name__: check
    for check in (
        site_packages_of_a_venv,
        python_path,
        tests_of_a_distribution,
        tests_without_pytest,
        distribution_without_tests,
    )
}

if __name__ == "__main__":
    sys.exit(support.main(CHECKS))
