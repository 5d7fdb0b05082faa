"""Input that cannot be read or checked: each ends in a whole report that says so, and in the right exit status."""

import json
import pathlib
import shutil
import subprocess
import sys

import support
from support import CLEAN, INCONCLUSIVE, ROOT, USAGE, expect, expect_equal, expect_gap, report, temporary_folder

VERSION = "3.14"
CLEAN_MODULE = ROOT / "examples" / "multi_phase_init.c"


def clean_module(folder, version=VERSION):
    return support.compile_module(CLEAN_MODULE, folder, support.interpreter(version))


def audit(*arguments, status=INCONCLUSIVE):
    return report("audit", *arguments, "--python", support.interpreter(VERSION), status=status)


def good_module():
    """The module that the other checks break is clean while it is whole: their exit status has one cause."""
    with temporary_folder() as folder:
        parsed = audit(clean_module(folder), status=CLEAN)
        expect_equal(support.only_verdict(parsed)["verdict"], "isolated", support.brief(parsed))


def missing_path():
    with temporary_folder() as folder:
        expect_gap(audit(f"{folder}/nothing/here.so"), "nothing/here.so", "no such file")


def empty_file():
    with temporary_folder() as folder:
        module = clean_module(folder)
        module.write_bytes(b"")
        expect_gap(audit(module), module.name, "empty")


def truncated_elf():
    with temporary_folder() as folder:
        module = clean_module(folder)
        whole = module.read_bytes()
        for length in (4, 16, 63, 64, 500, 4096, len(whole) // 2, len(whole) - 64):
            module.write_bytes(whole[:length])
            parsed = audit(module)
            expect(parsed["gaps"], f"cut to {length} bytes: no gap\n{support.brief(parsed)}")
            expect_gap(parsed, module.name)


def text_file():
    with temporary_folder() as folder:
        module = clean_module(folder)
        module.write_text("#!/bin/sh\necho this is no module\n")
        expect_gap(audit(module), module.name, "not")


def other_architecture():
    with temporary_folder() as folder:
        module = clean_module(folder)
        content = bytearray(module.read_bytes())
        content[18:20] = (183 if content[18] != 183 else 62).to_bytes(2, "little")  # e_machine: AArch64, or x86-64
        module.write_bytes(content)
        parsed = audit(module)
        texts = " ".join([g["reason"] for g in parsed["gaps"]] + [v["reason"] for v in parsed["modules"][0]["verdicts"]])
        expect("architecture" in texts or "aarch64" in texts.lower(), f"nothing says why\n{support.brief(parsed)}")
        expect_equal(support.only_verdict(parsed)["verdict"], "unknown", support.brief(parsed))


def other_python():
    with temporary_folder() as folder:
        parsed = audit(clean_module(folder, "3.13"))
        verdict = support.only_verdict(parsed)
        expect_equal(verdict["verdict"], "unknown", support.brief(parsed))
        expect_equal(verdict["phases"], [], "what was run")
        expect("3.14" in verdict["reason"] or "cpython-313" in verdict["reason"], support.brief(parsed))


def broken_unit():
    """One unit does not compile: it is a gap with the first error, and the other is still read."""
    with temporary_folder() as name:
        folder = pathlib.Path(name)
        include = support.ask(support.interpreter(VERSION), "sysconfig.get_path('include')")
        (folder / "broken.c").write_text('#include <Python.h>\n#include "nowhere_at_all.h"\nint f(void) { return g; }\n')
        shutil.copy(ROOT / "examples" / "counter.c", folder)
        commands = [
            {"directory": name, "file": file, "arguments": ["cc", "-isystem", include, "-c", file]}
            for file in ("broken.c", "counter.c")
        ]
        (folder / "compile_commands.json").write_text(json.dumps(commands))
        parsed = report("scan", folder, "-p", folder, "--fail-on", "never", status=INCONCLUSIVE)
        expect_gap(parsed, "broken.c", "nowhere_at_all.h")
        found = [f["symbol"] for f in parsed["findings"] if f["rule"] == "non-object-mutable-static"]
        expect_equal(found, ["last_ticket"], "variables found in the other unit")
        report("scan", folder, "-p", folder, status=support.FINDINGS)


def broken_compile_commands():
    for content, words in (("{[", ["compile_commands.json"]), ("", ["compile_commands.json"]), ("{}", []), ("[7]", [])):
        with temporary_folder() as name:
            folder = pathlib.Path(name)
            shutil.copy(CLEAN_MODULE, folder)
            (folder / "compile_commands.json").write_text(content)
            parsed = report("scan", folder, "-p", folder, status=INCONCLUSIVE)
            expect_gap(parsed, *words)


def commands_of_missing_file():
    with temporary_folder() as name:
        folder = pathlib.Path(name)
        shutil.copy(CLEAN_MODULE, folder)
        commands = [{"directory": f"{name}/away", "file": "gone.c", "arguments": ["cc", "-c", "gone.c"]}]
        (folder / "compile_commands.json").write_text(json.dumps(commands))
        parsed = report("scan", folder, "-p", folder, status=INCONCLUSIVE)
        expect(parsed["gaps"], "no gap")


def interpreters_that_are_none():
    with temporary_folder() as folder:
        module = clean_module(folder)
        for python, word in (
            ("/bin/true", "/bin/true"),
            ("/bin/cat", "/bin/cat"),
            (f"{folder}/no/python", "no such"),
            (folder, folder),
            ("3.99", "3.99"),
        ):
            parsed = report("audit", module, "--python", python, status=INCONCLUSIVE)
            expect_gap(parsed, "--python", word)


def interpreter_that_lies():
    """It answers, endlessly or with nonsense."""
    with temporary_folder() as folder:
        module = clean_module(folder)
        for script in ("exec yes", "echo '{\"version\": 7}'", "kill -9 $$", "sleep 1000"):
            python = pathlib.Path(folder) / "python3"
            python.write_text(f"#!/bin/sh\n{script}\n")
            python.chmod(0o755)
            parsed = report("audit", module, "--python", python, status=INCONCLUSIVE)
            expect_gap(parsed, "--python", str(python))


def interpreter_too_old():
    """3.11 has no interpreters with a GIL of their own. A script stands in for it where the machine has none."""
    with temporary_folder() as folder:
        module = clean_module(folder)
        python = pathlib.Path("/usr/bin/python3.11")
        if not python.exists():
            python = pathlib.Path(folder) / "python3.11"
            pretend = "import sys; sys.version_info = (3, 11, 2, 'final', 0); sys.hexversion = 0x030b02f0"
            python.write_text(f"#!{support.interpreter(VERSION)} -S\n{pretend}\nexec(sys.argv[sys.argv.index('-c') + 1])\n")
            python.chmod(0o755)
        parsed = report("audit", module, "--python", python, status=INCONCLUSIVE)
        expect_gap(parsed, "3.11", "3.12")


def folder_without_anything():
    with temporary_folder() as folder:
        parsed = audit(folder)
        expect_gap(parsed, folder)


def library_that_is_no_module():
    with temporary_folder() as folder:
        source = pathlib.Path(folder) / "helper.c"
        source.write_text("int helper(void) { return 1; }\n")
        library = support.compile_module(source, folder, support.interpreter(VERSION))
        expect_gap(audit(library), library.name, "hook")


def wrong_usage():
    module = "whatever.so"
    for arguments in (
        [],
        ["audit"],
        ["audti", module],
        ["audit", module, "--colour"],
        ["audit", module, "--format", "yaml"],
        ["audit", module, "--fail-on", "everything"],
        ["audit", module, "--select", "static-type-objects"],
        ["audit", module, "--interpreters", "many"],
        ["explain", "static-typ-object"],
    ):
        code, out, err = support.run(*(arguments or ["--"]))
        expect_equal(code, USAGE, f"exit status of {arguments}")
        expect(not out and err.startswith("isoaudit: "), f"{arguments}: says {out!r} and {err!r}")


def unwritable_report():
    with temporary_folder() as folder:
        code, out, err = support.run("inspect", clean_module(folder), "-o", f"{folder}/no/folder/report.json")
        expect_equal(code, USAGE, "exit status")
        expect("no/folder/report.json" in err, err)
        with open("/dev/full", "wb") as full:
            done = subprocess.run([support.isoaudit, "inspect", clean_module(folder)], stdout=full, stderr=subprocess.PIPE)
        expect(done.returncode not in (0, 1), f"a full disk: exit status {done.returncode}")


CHECKS = {
    check.__name__: check
    for check in (
        good_module,
        missing_path,
        empty_file,
        truncated_elf,
        text_file,
        other_architecture,
        other_python,
        broken_unit,
        broken_compile_commands,
        commands_of_missing_file,
        interpreters_that_are_none,
        interpreter_that_lies,
        interpreter_too_old,
        folder_without_anything,
        library_that_is_no_module,
        wrong_usage,
        unwritable_report,
    )
}

if __name__ == "__main__":
    sys.exit(support.main(CHECKS))
