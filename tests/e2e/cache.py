"""What is kept between scans changes nothing but their cost, whatever happens to a scan or to the folder."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time

import support
from support import expect, expect_equal

UNITS = 30


def project(name, units=UNITS):
    """A folder with units that share a header, and no cache yet."""
    folder = support.work / f"cache-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "shared.h").write_text("#include <Python.h>\n#include \"deeper.h\"\n")
    (folder / "deeper.h").write_text("static PyObject *shared;\n")
    commands = []
    for number in range(units):
        unit = f"u{number}.c"
        (folder / unit).write_text(
            f'#include "shared.h"\nstatic int n{number};\nvoid f{number}(PyObject *o) {{ shared = o; n{number}++; }}\n'
        )
        commands.append({"directory": str(folder), "file": unit, "arguments": ["cc", "-c", unit]})
    (folder / "compile_commands.json").write_text(json.dumps(commands))
    return folder, folder / "kept"


def scan(folder, *arguments):
    code, out, err = support.run("scan", folder, "--format", "json", *arguments)
    expect(code in (support.CLEAN, support.FINDINGS), f"exit status {code}\n{err}{out[-2000:]}")
    return out, err


def entries(kept):
    return sorted(path.name for path in kept.iterdir() if path.suffix == ".unit") if kept.exists() else []


def same_bytes():
    folder, kept = project("bytes")
    fresh, _ = scan(folder, "--no-cache")
    expect(not kept.exists(), "--no-cache wrote something")
    for what in ("first", "second"):
        out, err = scan(folder, "--cache-dir", kept)
        expect_equal(out, fresh, f"the report of the {what} scan")
        expect_equal(err, "", "what it said")
    expect_equal(len(entries(kept)), UNITS, "entries")
    (folder / "deeper.h").write_text("static PyObject *other;\n#define shared other\n")
    changed, _ = scan(folder, "--cache-dir", kept)
    expect(changed != fresh, "a changed header changed nothing")
    expect_equal(changed, scan(folder, "--no-cache")[0], "the report after a change")


def answers():
    """A report that was kept is given again to the same question about the same facts, and to no other."""
    folder, kept = project("answers", 2)
    config, python = folder / "isoaudit.toml", support.interpreter(support.VERSIONS[0])
    config.write_text('[[function]]\nrule = "third-party-library-init"\nname = "f0"\nharm = "sets up all"\n')
    questions = [
        ["--format", "json"],
        ["--format", "text"],
        ["--format", "text", "-v"],
        ["--format", "text", "--color", "always"],
        ["--fail-on", "never"],
        ["--ignore", "global-pyobject-cache"],
        ["--select", "non-object-mutable-static"],
        ["--config", config],
        ["--python", python],
        ["-p", folder / "nowhere"],  # nothing is read, and nothing kept
    ]

    def changed_nothing():
        pass

    def changed_header():
        (folder / "deeper.h").write_text("static PyObject *other;\n#define shared other\n")

    def changed_config():
        config.write_text(config.read_text().replace("sets up all", "ends all"))

    def lost_entries(*endings):
        for path in kept.iterdir():
            if path.suffix in endings:
                path.unlink()

    changes = (
        changed_nothing, changed_nothing, changed_header, changed_config, lambda: lost_entries(".facts"),
        lambda: lost_entries(".answer"), lambda: lost_entries(".program", ".unit"),
    )
    for number, change in enumerate(changes):
        change()
        for question in questions:
            what = f"after change {number}: {' '.join(map(str, question))}"
            fresh = support.run("scan", folder, "--no-cache", *question)
            expect_equal(support.run("scan", folder, "--cache-dir", kept, *question), fresh, what)
        if change is changed_nothing:
            kept_answers = sum(path.suffix == ".answer" for path in kept.iterdir())
            expect_equal(kept_answers, len(questions) - 1, f"answers kept after change {number}")


def the_users_own_folder():
    folder, kept = project("user")
    environment = dict(os.environ, XDG_CACHE_HOME=str(kept))
    support.run("scan", folder, env=environment)
    expect_equal(len(entries(kept / "isoaudit" / "facts")), UNITS, "entries")


def interrupted():
    """Ctrl-C at any moment: nobody goes on, and what is kept by then is whole."""
    folder, kept = project("interrupted")
    fresh, _ = scan(folder, "--no-cache")
    line = [support.isoaudit, "scan", folder, "--format", "json", "--cache-dir", kept]
    interrupted_runs = 0
    for tenths in range(1, 11):
        with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True) as run:
            try:
                run.communicate(timeout=tenths / 10)
            except subprocess.TimeoutExpired:
                os.killpg(run.pid, signal.SIGINT)
                out, _ = run.communicate(timeout=10)
                if run.returncode == 1:  # it had ended when the signal came
                    json.loads(out)
                else:
                    expect_equal(run.returncode, -signal.SIGINT, "status")  # a shell calls it 130
                    interrupted_runs += 1
            group = run.pid
        for _ in range(100):
            try:
                os.killpg(group, 0)
            except ProcessLookupError:
                break
            time.sleep(0.1)
        else:
            expect(False, "some of its processes go on")
        (folder / "deeper.h").write_text(f"static PyObject *shared; /* {tenths} */\n")
    expect(interrupted_runs > 0, "no run was interrupted")
    (folder / "deeper.h").write_text("static PyObject *shared;\n")
    for _ in range(2):
        expect_equal(scan(folder, "--cache-dir", kept)[0], fresh, "the report after all that")


def no_place_for_it():
    folder, kept = project("place")
    fresh, _ = scan(folder, "--no-cache")
    kept.write_text("no folder")
    out, err = scan(folder, "--cache-dir", kept)
    expect_equal(out, fresh, "the report")
    expect("nothing can be kept" in err, f"it did not say so: {err!r}")
    expect_equal(scan(folder, "--cache-dir", kept, "-q")[1], "", "what it said with -q")


def full_disk():
    """On a file system of a few pages, where this user may mount one; else no file may grow beyond them."""
    folder, kept = project("full")
    fresh, _ = scan(folder, "--no-cache")
    kept.mkdir()
    own = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    line = [str(w) for w in (support.isoaudit, "scan", folder, "--format", "json", "--cache-dir", kept)]
    mount = 'mount -t tmpfs -o size=64k full "$0" && '
    can_mount = subprocess.run([*own, "sh", "-c", mount + "true", kept], stderr=subprocess.DEVNULL).returncode == 0
    if can_mount:
        # Twice: what the first scan left half may not harm the second.
        script = mount + '"$@"; echo; "$@"; rest=$?; df -k --output=avail "$0" >&2; exit $rest'
        done = subprocess.run([*own, "sh", "-c", script, kept, *line], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        expect_equal(done.stdout, fresh + "\n" + fresh, "both reports")
    else:
        def small_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

        done = subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=small_files)
        expect_equal(done.stdout, fresh, "the report")
    expect("nothing can be kept for the next scan" in done.stderr, f"it did not say so: {done.stderr!r}")


CHECKS = {
    check.__name__: check for check in (same_bytes, answers, the_users_own_folder, interrupted, no_place_for_it, full_disk)
}

if __name__ == "__main__":
    sys.exit(support.main(CHECKS))
