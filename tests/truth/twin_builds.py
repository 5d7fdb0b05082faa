"""The same sources compiled in several ways: compilers, levels, link-time optimisation, stripped or not.

Run as a program this file is the compiler: under the name `cc` or `c++` it runs the one that TWIN_COMPILER names with the
flags of TWIN_FLAGS in place of the project's own level, and notes compile commands in TWIN_LOG.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

COMPILERS = {"gcc": ("gcc", "g++"), "clang": ("clang-19", "clang++-19")}
LEVELS = {"O0": "-O0", "O2": "-O2", "O3": "-O3", "lto": "-O2 -flto"}
BUILDS = [f"{compiler}-{level}" for compiler in COMPILERS for level in LEVELS]
PIP = "pip==25.3"
# What a build chooses for itself; -s would take the names that the comparison needs.
OF_THE_BUILD = re.compile(r"-O.*|-g\d?|-ggdb\d?|-s|-flto.*|-fuse-linker-plugin|-ffat-lto-objects|-Wl,-s|-Wl,--strip.*")


def compilers_of(build):
    return COMPILERS[build.partition("-")[0]]


def flags_of(build):
    flags = LEVELS[build.partition("-")[2]].split()
    # GNU ld knows no bitcode.
    return [*flags, "-fuse-ld=lld"] if build == "clang-lto" else flags


def keep_headers(word):
    """Headers of pip's build environment, which is gone when the sources are read, are copied beside the log."""
    if not word.startswith("-I") or "pip-build-env" not in word or "TWIN_LOG" not in os.environ:
        return word
    folder = pathlib.Path(os.environ["TWIN_LOG"]).parent / "headers" / pathlib.Path(word[2:]).parent.name
    shutil.copytree(word[2:], folder, dirs_exist_ok=True)
    return f"-I{folder}"


def compile_as_told(name, arguments):
    build = os.environ["TWIN_BUILD"]
    cxx = "++" in name
    kept = [keep_headers(word) for word in arguments if not OF_THE_BUILD.fullmatch(word)]
    command = [compilers_of(build)[cxx], *kept, *flags_of(build), "-w"]
    if "-c" in kept and "TWIN_LOG" in os.environ:
        files = [word for word in kept if word.endswith((".c", ".cc", ".cpp", ".cxx"))]
        entry = {"directory": os.getcwd(), "file": files[-1] if files else "", "arguments": ["c++" if cxx else "cc", *kept]}
        with open(os.environ["TWIN_LOG"], "a") as log:
            log.write(json.dumps(entry) + "\n")
    return subprocess.run(command).returncode


def environment(folder, build, log=None):
    """What makes a project's own build use this file as its compiler."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("cc", "c++"):
        (folder / name).write_text(f'#!/bin/sh\nexec {sys.executable} -B {__file__} {name} "$@"\n')
        (folder / name).chmod(0o755)
    words = dict(os.environ, TWIN_BUILD=build, CC=str(folder / "cc"), CXX=str(folder / "c++"))
    words.update(LDSHARED=f"{folder / 'cc'} -shared", LDCXXSHARED=f"{folder / 'c++'} -shared", CFLAGS="", LDFLAGS="")
    if log is not None:
        words["TWIN_LOG"] = str(log)
    return words


def build_one(source, include, build, folder):
    """One file → one module, for the examples and fixtures. None when this compiler refuses it."""
    folder.mkdir(parents=True, exist_ok=True)
    module = folder / f"{source.name.split('.')[0]}.so"
    cxx = source.suffix == ".cpp"
    command = [compilers_of(build)[cxx], "-std=c++20" if cxx else "-std=c11", "-shared", "-fPIC", "-pthread", "-w"]
    command += [*flags_of(build), "-isystem", str(include), "-D_GNU_SOURCE", str(source), "-o", str(module)]
    return module if subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0 else None


def pip_for(python, folder):
    """The command that runs pip in `python`, which comes without one; None when there is none to be had."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--target", folder, PIP]
    if not (folder / "pip").exists() and subprocess.run(command).returncode != 0:
        return None
    return [python, folder / "pip"]


def build_project(pip, sdist, build, folder, log=None):
    """A source distribution → its modules, by its own build."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [*pip, "wheel", "-q", "--no-deps", "-w", str(folder), str(sdist)]
    done = subprocess.run(command, env=environment(folder / "bin", build, log), capture_output=True, text=True)
    wheels = list(folder.glob("*.whl"))
    if done.returncode != 0 or not wheels:
        (folder / "build.log").write_text(done.stdout + done.stderr)
        return []
    for wheel in wheels:
        subprocess.run([sys.executable, "-m", "zipfile", "-e", wheel, folder / "wheel"], check=True)
    return sorted((folder / "wheel").rglob("*.so"))


def strip(module, folder):
    """A copy without its symbols, below `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    bare = folder / module.name
    subprocess.run(["strip", "-s", "-o", bare, module], check=True)
    return bare


def variables_of(module):
    """(section, offset) → (size, demangled name) of every variable that the symbol table names."""
    sections = sections_of(module)
    first_of_threads = min((at for at, flags in sections.values() if "T" in flags), default=0)
    text = subprocess.run(["readelf", "-sW", "--demangle", module], capture_output=True, text=True, check=True).stdout
    names = [name for name in sections]
    variables = {}
    for line in text.splitlines():
        row = line.split(None, 7)
        if len(row) < 8 or row[3] not in ("OBJECT", "TLS") or not row[6].isdigit():
            continue
        section = names[int(row[6])]
        # A thread-local symbol's value counts from the start of the thread-local memory.
        address = int(row[1], 16) + (first_of_threads if row[3] == "TLS" else 0)
        size = int(row[2], 16) if row[2].startswith("0x") else int(row[2])
        if "W" in sections[section][1]:
            variables[section, address - sections[section][0]] = (size, row[7])
    return variables


def sections_of(module):
    """Name → (address, flags), in the file's order, number 0 included."""
    text = subprocess.run(["readelf", "-SW", module], capture_output=True, text=True, check=True).stdout
    row = re.compile(r"\[\s*\d+\] (\S*)\s+\S+\s+([0-9a-f]{16}) [0-9a-f]+ [0-9a-f]+ [0-9a-f]+ ([A-Za-z ]*?)\s+\d+ +\d+ +\d+$", re.M)
    return {m[1]: (int(m[2], 16), m[3]) for m in row.finditer(text)}


def plain(symbol):
    """A variable's name without a compiler's suffixes and its namespaces: "lookup.cache" and "cache.0" are `cache`."""
    name = re.sub(r"(\.(\d+|lto_priv|llvm|constprop))+$", "", symbol)
    name = re.sub(r"\[abi:\w+\]", "", name)
    name = re.sub(r"\(.*?\)(?=::)|<[^<>]*>", "", name)
    return name.rsplit("::", 1)[-1].rsplit(".", 1)[-1]


if __name__ == "__main__":
    sys.exit(compile_as_told(sys.argv[1], sys.argv[2:]))
