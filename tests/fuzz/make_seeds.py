#!/usr/bin/env python3
"""Makes the seed corpus: small modules for every platform, compiled here, and what is derived from them.

usage: make_seeds.py --fuzzer ISOAUDIT_FUZZ --out FOLDER [MODULE...]

FOLDER/TARGET gets the seeds of each target. MODULEs are real compiled modules that join them. Nothing that is compiled
here needs headers or libraries of the platform it is for.
"""

import argparse
import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
SOURCE = HERE / "seed_module.c"
LLVM = Path("/usr/lib/llvm-19/bin")
VARIANTS = {
    "multi": [],
    "single": ["-DSINGLE", "-DTYPE"],
    "filled": ["-DFILLED", "-DTYPE"],
    "export": ["-DEXPORT"],
    "old": ["-DHEAD=1", "-DTYPE"],
    "debug": ["-g", "-DTYPE"],
    "debug4": ["-gdwarf-4", "-gz", "-DTYPE"],
    "small": ["-Oz", "-DHEAD=0xffffffff"],
}
COMPILE = ["-w", "-O2", "-ffreestanding", "-fPIC", "-fno-stack-protector", "-c", str(SOURCE), "-o"]
ELF = {"x86_64": "x86_64-linux-gnu", "aarch64": "aarch64-linux-gnu", "i386": "i386-linux-gnu", "arm": "arm-linux-gnueabi"}
PE = {"x86_64": "x86_64-pc-windows-msvc", "arm64": "aarch64-pc-windows-msvc", "i386": "i386-pc-windows-msvc"}
MACHO = {"x86_64": "x86_64-apple-macos10.13", "arm64": "arm64-apple-macos11"}
API = ("PyType_Type PyModule_Type PyExc_ValueError PyModuleDef_Init PyModule_Create2 PyErr_NewException PyLong_FromLong "
       "PyDict_New PyErr_SetString PyModule_AddObject").split()
WAYS_TO_LINK_ELF = {
    "": [],
    ".relr": ["--pack-dyn-relocs=relr", "--hash-style=gnu"],
    ".stripped": ["-s", "--hash-style=both", "-z", "now"],
    ".rel": ["-z", "rel", "--eh-frame-hdr", "--build-id=sha1"],
}
WAYS_TO_LINK_PE = {"": [], ".debug": ["/debug", "/merge:.rdata=.text"]}
WAYS_TO_LINK_MACHO = {"": ["-fixup_chains"], ".classic": ["-no_fixup_chains"]}
LONGEST_REAL_MODULE = 48 * 1024


def run(*command, stdout=None):
    command = [str(word) for word in command]
    done = subprocess.run(command, stdout=stdout or subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(f"make_seeds: {' '.join(command)}\n{done.stderr.decode(errors='replace')}")
    return done.stdout


class Seeds:
    def __init__(self, out, work):
        self.out, self.work = out, work

    def compile(self, triple, name, flags):
        made = self.work / f"{name}.o"
        run(LLVM / "clang", f"--target={triple}", *COMPILE, made, *flags)
        return made

    def folder(self, target):
        path = self.out / target
        path.mkdir(parents=True, exist_ok=True)
        return path

    def elf(self, machine, variant):
        name = f"{machine}.{variant}"
        made = self.compile(ELF[machine], f"elf.{name}", VARIANTS[variant])
        for way, options in WAYS_TO_LINK_ELF.items():
            if way == ".rel" and machine == "aarch64":
                continue
            run(LLVM / "ld.lld", "-shared", *options, made, "-o", self.folder("elf") / f"{name}{way}.so")
        whole = self.folder("elf") / f"{name}.so"
        run(LLVM / "llvm-objcopy", "--strip-sections", whole, self.folder("elf") / f"{name}.no-sections.so")

    def pe(self, machine, variant):
        name = f"{machine}.{variant}"
        made = self.compile(PE[machine], f"pe.{name}", [*VARIANTS[variant], "-fno-PIC", "-D__thread="])
        library = self.work / f"python-{name}.lib"
        definitions = library.with_suffix(".def")
        data = {"PyType_Type", "PyModule_Type", "PyExc_ValueError"}
        lines = "\n".join(api + (" DATA" if api in data else "") for api in API)
        definitions.write_text(f"LIBRARY python314.dll\nEXPORTS\n{lines}\n")
        kind = {"x86_64": "i386:x86-64", "arm64": "arm64", "i386": "i386"}[machine]
        run(LLVM / "llvm-dlltool", "-m", kind, "-d", definitions, "-l", library)
        for way, options in WAYS_TO_LINK_PE.items():
            run(LLVM / "lld-link", "/dll", "/noentry", "/nodefaultlib", "/brepro", *options, made, library,
                f"/out:{self.folder('pe') / f'{name}{way}.pyd'}", f"/pdb:{self.work / f'{name}.pdb'}", f"/implib:{self.work / f'{name}.out.lib'}")

    def macho(self, machine, variant):
        name = f"{machine}.{variant}"
        made = self.compile(MACHO[machine], f"macho.{name}", [*VARIANTS[variant], "-D__thread="])
        for way, options in WAYS_TO_LINK_MACHO.items():
            version = "11.0" if machine == "arm64" else "10.13"
            run(LLVM / "ld64.lld", "-arch", machine, "-platform_version", "macos", version, version, "-bundle",
                "-undefined", "dynamic_lookup", *options, made, "-o", self.folder("macho") / f"{name}{way}.so")

    def universal(self, variant):
        folder = self.folder("macho")
        run(LLVM / "llvm-lipo", "-create", *(folder / f"{machine}.{variant}.so" for machine in MACHO), "-output",
            folder / f"universal.{variant}.so")


    def archives(self):
        """First byte: the kind; see fuzz_archive.cpp."""
        module = (self.out / "elf" / "x86_64.multi.stripped.so").read_bytes()
        members = {"m/_m.so": module, "m/__init__.py": b"", "m-1.dist-info/RECORD": b"m/_m.so,,\n", "m/../../x": b"x",
                   "/m/absolute": b"x", "m/\xfc.so": module[:100], "m/zeros": bytes(200_000)}
        folder = self.folder("archive")
        for kind, compression in {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED,
                                  "bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA}.items():
            memory = io.BytesIO()
            with zipfile.ZipFile(memory, "w", compression) as archive:
                for name, content in members.items():
                    archive.writestr(zipfile.ZipInfo(name), content, compression)
            (folder / f"zip.{kind}").write_bytes(b"\0" + memory.getvalue())
        for number, (mode, form) in enumerate((("w", tarfile.PAX_FORMAT), ("w:gz", tarfile.GNU_FORMAT),
                                               ("w:bz2", tarfile.USTAR_FORMAT), ("w:xz", tarfile.PAX_FORMAT)), 1):
            memory = io.BytesIO()
            with tarfile.open(fileobj=memory, mode=mode, format=form) as archive:
                for name, content in members.items():
                    entry = tarfile.TarInfo(name)
                    entry.size = len(content)
                    archive.addfile(entry, io.BytesIO(content))
                for name, kind in {"link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "pipe": tarfile.FIFOTYPE}.items():
                    entry = tarfile.TarInfo(name)
                    entry.type, entry.linkname = kind, "../../etc/passwd"
                    archive.addfile(entry)
                    archive.addfile(tarfile.TarInfo(f"{name}/below"))
            (folder / f"tar.{number}").write_bytes(bytes([number]) + memory.getvalue())


def make(arguments):
    out = Path(arguments.out).resolve()
    work = out / "work"
    shutil.rmtree(out, ignore_errors=True)
    work.mkdir(parents=True)
    seeds = Seeds(out, work)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(build, machine, variant)
                for build, machines in ((seeds.elf, ELF), (seeds.pe, PE), (seeds.macho, MACHO))
                for machine in machines for variant in VARIANTS]
        for job in jobs:
            job.result()
        list(pool.map(seeds.universal, VARIANTS))
        seeds.archives()
        for module in arguments.modules:
            if Path(module).stat().st_size <= LONGEST_REAL_MODULE:
                shutil.copy(module, seeds.folder("elf") / Path(module).name)
        list(pool.map(lambda module: describe(arguments.fuzzer, seeds, module), sorted((out / "elf").iterdir())))
    shutil.rmtree(work)
    for target in sorted(path for path in out.iterdir()):
        print(f"{target.name}: {len(list(target.iterdir()))} seeds")


def describe(fuzzer, seeds, module):
    """The module's image, for the targets that read images, and what is found in it."""
    made = run(fuzzer, f"--describe={module}")
    (seeds.folder("records") / module.stem).write_bytes(run(fuzzer, f"--record={module}"))
    for target in ("definition", "code"):
        (seeds.folder(target) / module.stem).write_bytes(made)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fuzzer", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("modules", nargs="*")
    try:
        make(parser.parse_args())
    except BaseException as error:  # threads lose what sys.exit says
        if isinstance(error, SystemExit) and error.code is not None and not isinstance(error.code, int):
            print(error.code, file=sys.stderr)
            sys.exit(1)
        raise


if __name__ == "__main__":
    main()
