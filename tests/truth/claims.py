"""What `isoaudit inspect` says of compiled modules, and which hooks the linker's own tool finds in them."""

import json
import os
import pathlib
import re
import subprocess

HOOK = re.compile(r"^(PyInit|PyInitU|PyModExport|PyModExportU)_(\w+)$")


def inspect(isoaudit, folder, python=None):
    """The JSON report on everything below the folder."""
    command = [str(isoaudit), "inspect", str(folder), "--format", "json", "--fail-on", "never", "-q"]
    command += ["--python", str(python)] if python else []
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        return json.loads(done.stdout)
    except ValueError:
        words = done.stderr.decode(errors="replace")[-2000:]
        raise SystemExit(f"isoaudit inspect {folder}: no whole report (status {done.returncode})\n{words}") from None


def modules_by_path(report, folder):
    """Path relative to the folder → module."""
    return {os.path.relpath(module["path"], folder): module for module in report["modules"]}


def gap_reasons(report, path, symbol=""):
    """Why something about the file, or that hook of it, could not be told."""
    reasons = [gap["reason"] for gap in report["gaps"] if gap["input"].startswith(str(path))]
    return [reason for reason in reasons if symbol in reason] or reasons


def exported_hooks(path):
    """Hooks that nm finds: what inspect must find, no more and no less."""
    command = ["nm", "-D", "--defined-only", path]
    listed = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    symbols = [line.split()[-2:] for line in listed.splitlines()]
    names = {name.partition("@")[0] for kind, name in symbols if kind in "TW"}
    return sorted(name for name in names if HOOK.match(name))


def module_name(symbol):
    """Of the module whose import calls the hook; the U of a hook stands for punycode."""
    prefix, rest = HOOK.match(symbol).groups()
    if not prefix.endswith("U"):
        return rest
    plain, underscore, coded = rest.rpartition("_")
    return (plain + "-" + coded if underscore else coded).encode().decode("punycode")


def is_called(symbol, hooks, minor):
    """3.15 looks for PyModExport_ first; older ones do not know it."""
    export = symbol.replace("PyInit", "PyModExport", 1)
    if symbol == export:
        return minor >= 15
    return minor < 15 or export not in hooks


def dotted_name(path, suffix):
    """Of a path relative to its import root."""
    return ".".join(pathlib.PurePath(path).parts)[: -len(suffix)]


def answer_of(entry):
    """What the import system will do, as the report has it: own, shared, refused, invalid or undetermined."""
    declares = entry["declares"]
    if "invalid" in declares:
        return "invalid"
    level = declares["multiple_interpreters"]
    if entry["init"] == "single-phase" or level == "not-supported":
        return "refused"
    if entry["init"] == "undetermined":
        return "undetermined"
    return {"absent": "shared", "supported": "shared", "per-interpreter-gil": "own"}.get(level, "undetermined")
