"""What a user may name: environments, installed distributions, requirements files, lists; and the columns that come of it."""

import csv
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import support
from support import CLEAN, INCONCLUSIVE, ROOT, USAGE, expect, expect_equal, expect_gap, report, temporary_folder

VERSION = "3.14"
SOURCE = ROOT / "examples" / "multi_phase_init.c"
MODULE = "multi_phase_init"


def built_module(version=VERSION):
    folder = support.work / "targets" / version
    folder.mkdir(exist_ok=True, parents=True)
    found = list(folder.glob(f"{MODULE}.*.so"))
    return found[0] if found else support.compile_module(SOURCE, folder, support.interpreter(version))


def environment(folder, version=VERSION):
    """A venv; gives its interpreter and its site-packages."""
    subprocess.run([support.interpreter(version), "-m", "venv", "--without-pip", folder], check=True)
    return pathlib.Path(folder) / "bin" / "python", pathlib.Path(folder) / "lib" / f"python{version}" / "site-packages"


def install(site, name, files, record=True, info="dist-info", top_level=None, extra=()):
    """A distribution as an installer leaves it: `files` maps paths to what is copied there, or to text."""
    for path, content in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, pathlib.Path):
            shutil.copy(content, site / path)
        else:
            (site / path).write_text(content)
    metadata = site / f"{name.replace('-', '_')}-1.0.{info}"
    metadata.mkdir()
    (metadata / ("METADATA" if info == "dist-info" else "PKG-INFO")).write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    if top_level:
        (metadata / "top_level.txt").write_text("\n".join(top_level))
    if record:
        with open(metadata / "RECORD", "w", newline="") as stream:
            csv.writer(stream).writerows([path, "", ""] for path in [*files, *extra, f"{metadata.name}/RECORD"])


def names(parsed):
    return sorted(module["name"] for module in parsed["modules"])


def inspect(*arguments, status=CLEAN, **more):
    return report("inspect", *arguments, "--fail-on", "never", status=status, **more)


def distribution():
    """RECORD decides: another distribution's file in the same folder is not looked at."""
    with temporary_folder() as folder:
        python, site = environment(folder)
        module = built_module()
        install(site, "Some.Pkg", {"space/_some/" + module.name: module, "space/x.py": ""})
        install(site, "other", {"space/other/" + module.name: module})
        parsed = inspect("some-pkg", "--python", python)
        expect_equal(names(parsed), [f"space._some.{MODULE}"], "modules")
        expect_equal(parsed["modules"][0]["path"], str(site / "space/_some" / module.name), "path")
        audited = report("audit", "some_pkg", "--python", python, status=CLEAN)
        expect_equal(support.only_verdict(audited)["verdict"], "isolated", support.brief(audited))


def distribution_that_is_missing():
    with temporary_folder() as folder:
        python, site = environment(folder)
        install(site, "markup-things", {"m.py": ""})
        expect_gap(inspect("markup-thing", "--python", python, status=INCONCLUSIVE), "markup-thing", "did you mean markup-things?")
        expect_gap(inspect("entirely-else", "--python", python, status=INCONCLUSIVE), "entirely-else", "no distribution")
        pure = inspect("markup-things", "--python", python)
        expect_equal((names(pure), pure["gaps"]), ([], []), "a distribution that is all Python")
        expect("markup-things 1.0" in str(pure["notes"]), f"nothing says so: {pure['notes']}")


def file_that_record_names_is_gone():
    with temporary_folder() as folder:
        python, site = environment(folder)
        install(site, "pkg", {"pkg/" + built_module().name: built_module()}, extra=["pkg/_gone.abi3.so"])
        parsed = inspect("pkg", "--python", python, status=INCONCLUSIVE)
        expect_gap(parsed, "_gone.abi3.so", "RECORD")
        expect_equal(names(parsed), [f"pkg.{MODULE}"], "the other file")


def distribution_without_record():
    """As Debian leaves them: egg-info, no RECORD."""
    with temporary_folder() as folder:
        python, site = environment(folder)
        module = built_module()
        install(site, "named", {module.name: module, "_deep/a/" + module.name: module, "other/" + module.name: module},
                record=False, info="egg-info", top_level=[MODULE, "_deep"])
        expect_equal(names(inspect("named", "--python", python)), [f"_deep.a.{MODULE}", MODULE], "by top_level.txt")
        install(site, "guessed-by-name", {"guessed_by_name/" + module.name: module}, record=False)
        expect_equal(names(inspect("guessed-by-name", "--python", python)), [f"guessed_by_name.{MODULE}"], "by its name")
        install(site, "nobody-knows", {}, record=False)
        expect_gap(inspect("nobody-knows", "--python", python, status=INCONCLUSIVE), "nobody-knows", "nothing says which files")


def installed_in_place():
    """pip install -e: the project's folder is what is audited."""
    with temporary_folder() as folder, temporary_folder() as project:
        python, site = environment(folder)
        (pathlib.Path(project) / "pkg").mkdir()
        (pathlib.Path(project) / "pkg" / "__init__.py").touch()
        shutil.copy(built_module(), pathlib.Path(project) / "pkg")
        install(site, "pkg", {"pkg.pth": project + "\n"})
        (site / "pkg-1.0.dist-info" / "direct_url.json").write_text(
            f'{{"url": "file://{project}", "dir_info": {{"editable": true}}}}'
        )
        expect_equal(names(inspect("pkg", "--python", python)), [f"pkg.{MODULE}"], "modules of the project")


def requirements():
    with temporary_folder() as folder:
        python, site = environment(folder)
        module = built_module()
        install(site, "one", {"one/" + module.name: module})
        install(site, "two", {"two/" + module.name: module})
        file = pathlib.Path(folder) / "requirements.txt"
        file.write_text(
            "# what we need\none>=1  # the first\nwin-only ; sys_platform == 'win32' or python_version < '3.0'\n"
            "-r more.txt\nnowhere; python_version >= '3.8' and 'linux' in sys_platform\n"
        )
        (pathlib.Path(folder) / "more.txt").write_text("two[extra]==1.0 \\\n    --hash=sha256:00\n")
        parsed = inspect("-r", file, "--python", python, status=INCONCLUSIVE)
        expect_equal(names(parsed), [f"one.{MODULE}", f"two.{MODULE}"], "modules")
        expect_equal([gap["input"] for gap in parsed["gaps"]], ["nowhere"], "gaps")
        expect_gap(parsed, "nowhere", f"{file}:5")
        expect_gap(inspect("-r", f"{folder}/gone.txt", status=INCONCLUSIVE), "gone.txt", "no such requirements file")


def environment_as_a_whole():
    """A folder with pyvenv.cfg is run by its own interpreter."""
    with temporary_folder() as folder:
        python, site = environment(folder)
        install(site, "pkg", {"space/pkg/" + built_module().name: built_module()})
        expect_equal([p["id"] for p in inspect(folder)["pythons"]], [VERSION], "column by the folder's name")
        parsed = report("audit", folder, status=CLEAN)
        expect_equal([p["executable"] for p in parsed["pythons"]], [str(python)], "interpreter")
        expect_equal(names(parsed), [f"space.pkg.{MODULE}"], "modules")
        expect_equal(support.only_verdict(parsed)["verdict"], "isolated", support.brief(parsed))


def folder_of_an_installation():
    """pip install --target: the *.dist-info say that it is an import root."""
    with temporary_folder() as folder:
        install(pathlib.Path(folder), "pkg", {"space/pkg/" + built_module().name: built_module()})
        expect_equal(names(inspect(folder)), [f"space.pkg.{MODULE}"], "a namespace package's module")


def list_on_stdin():
    with temporary_folder() as folder:
        paths = [shutil.copy(built_module(), pathlib.Path(folder) / f"{name}.abi3.so") for name in ("a b", "c\nd")]
        for separator, wanted in (("\n", ["a b"]), ("\0", ["a b", "c\nd"])):
            text = separator.join(str(path) for path in paths if separator == "\0" or "\n" not in str(path))
            parsed = inspect("-", input=text.encode())
            expect_equal(names(parsed), sorted(wanted), repr(separator))
            expect_equal([p["id"] for p in parsed["pythons"]], ["3.12", "3.13", "3.14", "3.15"], "columns of abi3")
        expect_gap(inspect("-", input=b"\n\n", status=INCONCLUSIVE), "-", "no paths")


def two_pythons_of_one_version():
    """Two interpreters, two columns; the same one twice is one."""
    with temporary_folder() as folder:
        python, _ = environment(folder)
        base = support.interpreter(VERSION)
        module = built_module()
        parsed = report("audit", module, "--python", base, "--python", python, "--python", python, status=CLEAN)
        ids = [p["id"] for p in parsed["pythons"]]
        expect_equal(ids, [f"{VERSION} ({base})", f"{VERSION} ({python})"], "columns")
        verdicts = [(v["python"], v["verdict"]) for v in parsed["modules"][0]["verdicts"]]
        expect_equal(verdicts, [(name, "isolated") for name in ids], "verdicts")
        alone = report("audit", module, "--python", base, status=CLEAN)
        expect_equal([p["id"] for p in alone["pythons"]], [VERSION], "one interpreter keeps the short name")


def newest_that_modules_are_built_for():
    """Where nobody names a Python and the newest on the machine cannot import them, it is not asked."""
    support.interpreter("3.15")
    env = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    module = built_module("3.13")
    with temporary_folder() as folder:
        wheel = pathlib.Path(folder) / "pkg-1.0-cp313-cp313-linux_x86_64.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.write(module, f"pkg/{module.name}")
            archive.writestr("pkg/__init__.py", "")
        for named in (wheel, module):
            parsed = report("audit", named, status=CLEAN, env=env)
            verdict = support.only_verdict(parsed)
            expect_equal((verdict["python"], verdict["verdict"]), ("3.13", "isolated"), support.brief(parsed))
            expect_equal(parsed["gaps"], [], "gaps")


def nothing_named():
    for command in ("audit", "inspect", "probe", "scan"):
        code, _, err = support.run(command)
        expect_equal(code, USAGE, command)
        expect("TARGET" in err, err)


CHECKS = {
    check.__name__: check
    for check in (
        distribution,
        distribution_that_is_missing,
        file_that_record_names_is_gone,
        distribution_without_record,
        installed_in_place,
        requirements,
        environment_as_a_whole,
        folder_of_an_installation,
        list_on_stdin,
        two_pythons_of_one_version,
        newest_that_modules_are_built_for,
        nothing_named,
    )
}

if __name__ == "__main__":
    sys.exit(support.main(CHECKS))
