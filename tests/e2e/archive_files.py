"""What the checks of archives share: a clean module, a wheel around it, and how it is read."""

import contextlib
import pathlib
import resource
import zipfile

import support
from support import INCONCLUSIVE, ROOT, expect, report, temporary_folder

VERSION = "3.14"
SOURCE = ROOT / "examples" / "multi_phase_init.c"


def built_module():
    """The clean example, built once and kept."""
    folder = support.work / "archives"
    folder.mkdir(exist_ok=True)
    found = list(folder.glob("multi_phase_init.*.so"))
    return found[0] if found else support.compile_module(SOURCE, folder, support.interpreter(VERSION))


def member(folder="pkg"):
    """Path of the clean module in a package of an archive."""
    return f"{folder}/{built_module().name}" if folder else built_module().name


@contextlib.contextmanager
def wheel(name="pkg-1.0-cp314-cp314-linux_x86_64.whl", good=True):
    """Gives (path, ZipFile open for writing); to be closed before the path is read."""
    with temporary_folder() as folder:
        path = pathlib.Path(folder) / name
        archive = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
        if good:
            archive.write(built_module(), member())
            archive.writestr("pkg/__init__.py", "")
        yield path, archive


def inspect(path, *more, status=INCONCLUSIVE):
    # Memory is bounded whatever an archive asks for: no input here is worth more than this.
    limited = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))}
    return report("inspect", path, "--fail-on", "never", *more, status=status, **limited)


def modules(parsed):
    return [module["name"] for module in parsed["modules"]]


def expect_rest(parsed):
    """Whatever is wrong with another member, the good one is there."""
    expect("pkg.multi_phase_init" in modules(parsed), f"the good module is lost\n{support.brief(parsed)}")
