"""The promises of examples/README.md, kept under every interpreter that ci/setup brings."""

import functools
import re
import subprocess
import sys

import support
from support import ROOT, VERSIONS, Failed, expect, expect_equal

ROW = re.compile(r"\| `(\w+)` \|[^|]*\| `([a-z-]+)` \| ([a-z, -]+) \|")


def promises():
    """module → (verdict, rules), from the tables of the README."""
    table = {}
    for line in (ROOT / "examples" / "README.md").read_text().splitlines():
        match = ROW.fullmatch(line)
        if match:
            name, verdict, rules = match.groups()
            table[name] = verdict, set() if rules.strip() == "-" else {rule.strip() for rule in rules.split(",")}
        elif line.startswith("| `"):
            raise Failed(f"examples/README.md: not a promise: {line}")
    return table


def build(python, folder):
    configure = ["cmake", "-S", ROOT / "examples", "-B", folder, "-G", "Ninja", f"-DPYTHON_EXECUTABLE={python}"]
    for command in (configure, ["cmake", "--build", folder]):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        expect(done.returncode == 0, f"examples are not built:\n{done.stdout}")


def broken_promise(name, verdict, rules, module, findings):
    """What differs from the promise, or None. `findings` are those above advice."""
    found = module["verdicts"][0]
    if found["verdict"] != verdict:
        return f"{name}: verdict {found['verdict']} ({found['reason']}), promised {verdict}"
    found_rules = {finding["rule"] for finding in findings}
    if found_rules != rules:
        return f"{name}: rules {sorted(found_rules)}, promised {sorted(rules)}"
    return None


def hold_promises(version):
    python = support.interpreter(version)
    folder = support.work / f"examples-{version}"
    build(python, folder)
    report = support.report("audit", ROOT / "examples", "-p", folder, "--python", python, status=support.FINDINGS)
    promised = promises()
    sources = {path.stem for path in (ROOT / "examples").glob("*.c*")}
    expect_equal(set(promised), sources, "modules promised, against the sources")
    modules = {module["name"]: module for module in report["modules"]}
    expect_equal(set(modules), sources, "modules audited, against the sources")
    broken = []
    for name, (verdict, rules) in promised.items():
        findings = [f for f in report["findings"] if f["module"] == name and f["severity"] != "advice"]
        broken.append(broken_promise(name, verdict, rules, modules[name], findings))
    broken += [f"gap: {gap['input']}: {gap['reason']}" for gap in report["gaps"]]
    expect(not any(broken), "\n  ".join(["", *filter(None, broken)]))
    expect_joined(report)


def expect_joined(report):
    """A variable that is seen by source and run is one finding, whose reasons say both."""
    for module, variable in (
        ("static_type_object", "PointType"),
        ("global_dict_cache", "cache"),
        ("global_exception", "ParseError"),
        ("function_local_static_object", "range"),
        ("cxx_static_object", "history"),
        ("counter", "last_ticket"),
    ):
        findings = [f for f in report["findings"] if f["module"] == module and f["symbol"] == variable]
        expect_equal(len(findings), 1, f"findings on {module}'s {variable}")
        kinds = {because["kind"] for because in findings[0]["because"]}
        expect({"source", "runtime"} <= kinds, f"{module}'s {variable}: reasons are {sorted(kinds)} only")
        expect_equal(findings[0]["status"], "confirmed", f"{module}'s {variable}")


CHECKS = {version: functools.partial(hold_promises, version) for version in VERSIONS}

if __name__ == "__main__":
    sys.exit(support.main(CHECKS))
