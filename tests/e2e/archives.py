"""Wheels and source archives: what is in them, and what they are for."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile

import support
from archive_files import VERSION, built_module, inspect, member, modules, wheel
from support import CLEAN, INCONCLUSIVE, ROOT, expect, expect_equal, expect_gap, report, temporary_folder


def good_wheel():
    with wheel() as (path, archive):
        archive.close()
        parsed = inspect(path, status=CLEAN)
        expect_equal(modules(parsed), ["pkg.multi_phase_init"], "modules")
        expect_equal([p["id"] for p in parsed["pythons"]], ["3.14"], "columns that the tags speak of")
        expect_equal(parsed["modules"][0]["path"], f"{path}/{member()}", "path")


def data_schemes():
    """purelib and platlib are import roots; what installers put elsewhere is inspected and never imported."""
    with wheel(good=False) as (path, archive):
        for place in ("pkg-1.0.data/purelib/pure", "pkg-1.0.data/platlib", "pkg-1.0.data/data/lib"):
            archive.write(built_module(), member(place))
        archive.close()
        parsed = inspect(path, status=CLEAN)
        names = {m["path"].removeprefix(f"{path}/"): (m["name"], len(m["verdicts"])) for m in parsed["modules"]}
        expect_equal(
            names,
            {
                member("pkg-1.0.data/purelib/pure"): ("pure.multi_phase_init", 1),
                member("pkg-1.0.data/platlib"): ("multi_phase_init", 1),
                member("pkg-1.0.data/data/lib"): ("multi_phase_init", 0),
            },
            "names and columns",
        )


def wheel_tags_decide():
    """A plain name in a wheel of another version is not for this Python."""
    plain = "pkg/multi_phase_init.so"
    for tags, columns in (("cp313-cp313", ["3.13"]), ("cp313-abi3", ["3.13", "3.14", "3.15"]), ("cp314-cp314t", ["3.14t"])):
        with wheel(f"pkg-1.0-{tags}-linux_x86_64.whl", good=False) as (path, archive):
            archive.write(built_module(), plain)
            archive.close()
            parsed = report("inspect", path, "--fail-on", "never")
            expect_equal([p["id"] for p in parsed["pythons"]], columns, tags)
    with wheel("pkg-1.0-cp313-cp313-linux_x86_64.whl", good=False) as (path, archive):
        archive.write(built_module(), plain)
        archive.close()
        parsed = inspect(path, "--python", support.interpreter(VERSION))
        expect_equal([len(m["verdicts"]) for m in parsed["modules"]], [0], "verdicts for another Python")
        expect_gap(parsed, "--python 3.14", "built for it")


def runs_from_a_wheel():
    """audit unpacks, runs, and leaves neither a file nor its place in the report."""
    with wheel() as (path, archive), temporary_folder() as scratch:
        archive.close()
        environment = {**os.environ, "TMPDIR": scratch}
        parsed = report("audit", path, "--python", support.interpreter(VERSION), status=CLEAN, env=environment)
        verdict = support.only_verdict(parsed)
        expect_equal(verdict["verdict"], "isolated", support.brief(parsed))
        expect(scratch not in str(parsed), "the temporary folder's name is in the report")
        expect_equal(os.listdir(scratch), [], "left behind")


def wheels_find_each_other():
    """Several wheels are installed side by side: one imports the other."""
    with temporary_folder() as folder:
        first = pathlib.Path(folder) / "pkg-1.0-cp314-cp314-linux_x86_64.whl"
        with zipfile.ZipFile(first, "w") as archive:
            archive.write(built_module(), member())
            archive.writestr("pkg/__init__.py", "import helper\n")
        second = pathlib.Path(folder) / "helper-1.0-py3-none-any.whl"
        with zipfile.ZipFile(second, "w") as archive:
            archive.writestr("helper.py", "")
        python = support.interpreter(VERSION)
        alone = report("audit", first, "--python", python, status=INCONCLUSIVE)
        expect_equal(support.only_verdict(alone)["verdict"], "unknown", support.brief(alone))
        both = report("audit", first, second, "--python", python, status=CLEAN)
        expect_equal(support.only_verdict(both)["verdict"], "isolated", support.brief(both))


def interrupted():
    """Ctrl-C, and a kill: the unpacked wheel is gone all the same."""
    for number in (signal.SIGINT, signal.SIGKILL):
        with wheel(good=False) as (path, archive), temporary_folder() as scratch:
            archive.write(built_module(), member())
            archive.writestr("pkg/__init__.py", "import time\ntime.sleep(600)\n")
            archive.close()
            command = [support.isoaudit, "audit", path, "--python", support.interpreter(VERSION), "--timeout", "60"]
            running = subprocess.Popen(
                list(map(str, command)), env={**os.environ, "TMPDIR": scratch}, start_new_session=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
            deadline = time.monotonic() + 60
            unpacked = lambda: list(pathlib.Path(scratch).glob("isoaudit-*/0/pkg/*.so"))
            while not unpacked() and time.monotonic() < deadline:
                time.sleep(0.05)
            expect(unpacked(), "nothing was unpacked")
            running.send_signal(number)
            running.wait(30)
            while unpacked() and time.monotonic() < deadline:
                time.sleep(0.05)
            expect(not unpacked(), f"left behind after {number!r}")


def source_archives():
    """Each compression; the module in it is named by its packages."""
    for ending, mode in ((".tar.gz", "w:gz"), (".tar.bz2", "w:bz2"), (".tar.xz", "w:xz"), (".zip", None)):
        with temporary_folder() as folder:
            path = pathlib.Path(folder) / f"pkg-1.0{ending}"
            if mode:
                with tarfile.open(path, mode) as archive:
                    archive.add(built_module(), f"pkg-1.0/{member()}")
                    archive.addfile(tarfile.TarInfo("pkg-1.0/pkg/__init__.py"))
            else:
                with zipfile.ZipFile(path, "w") as archive:
                    archive.write(built_module(), f"pkg-1.0/{member()}")
                    archive.writestr("pkg-1.0/pkg/__init__.py", "")
            parsed = inspect(path, status=CLEAN)
            expect_equal(modules(parsed), ["pkg.multi_phase_init"], ending)


def sources_in_an_archive():
    """scan unpacks; what it says names the archive, never the folder."""
    with temporary_folder() as folder, temporary_folder() as scratch:
        path = pathlib.Path(folder) / "pkg-1.0.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            archive.add(ROOT / "examples" / "counter.c", "pkg-1.0/src/counter.c")
        parsed = report("scan", path, env={**os.environ, "TMPDIR": scratch})
        expect(scratch not in str(parsed), f"the temporary folder's name is in the report\n{support.brief(parsed)}")
        expect(parsed["gaps"] or parsed["findings"], "nothing is said of the sources")
        for gap in parsed["gaps"]:
            expect(gap["input"].startswith(str(path)), f"a gap that names something else: {gap}")
        expect_equal(os.listdir(scratch), [], "left behind")


def folder_called_like_a_wheel():
    with temporary_folder() as folder:
        path = pathlib.Path(folder) / "pkg-1.0-cp314-cp314-linux_x86_64.whl"
        path.mkdir()
        expect_gap(inspect(path), path.name, "no extension module")
        (path / "pkg").mkdir()
        (path / "pkg" / "__init__.py").touch()
        shutil.copy(built_module(), path / "pkg")
        expect_equal(modules(inspect(path, status=CLEAN)), ["pkg.multi_phase_init"], "modules of the folder")


CHECKS = {
    check.__name__: check
    for check in (
        good_wheel,
        data_schemes,
        wheel_tags_decide,
        runs_from_a_wheel,
        wheels_find_each_other,
        interrupted,
        source_archives,
        sources_in_an_archive,
        folder_called_like_a_wheel,
    )
}

if __name__ == "__main__":
    sys.exit(support.main(CHECKS))
