"""Wheels and source archives that are broken or hostile: what is wrong is a gap that says why, the rest is audited."""

import gzip
import io
import os
import pathlib
import shutil
import struct
import sys
import tarfile
import warnings
import zipfile

import support
from archive_files import VERSION, built_module, expect_rest, inspect, member, modules, wheel
from support import CLEAN, INCONCLUSIVE, expect, expect_equal, expect_gap, report, temporary_folder


def html_instead():
    with temporary_folder() as folder:
        path = pathlib.Path(folder) / "pkg-1.0-cp314-cp314-linux_x86_64.whl"
        for content, word in (
            ("<!DOCTYPE html>\n<html><body>404</body></html>", "HTML"),
            ("", "empty"),
            ("PK and then nothing of the kind", "no zip archive"),
        ):
            path.write_text(content)
            expect_gap(inspect(path), path.name, word)
        path = path.with_name("pkg-1.0.tar.gz")
        for content in (b"<html></html>", b"", gzip.compress(b"no tar file" * 100), b"\x1f\x8b\x08\x00"):
            path.write_bytes(content)
            expect_gap(inspect(path), path.name)


def truncated():
    with wheel() as (path, archive):
        archive.close()
        whole = path.read_bytes()
        for length in (30, 100, len(whole) // 2, len(whole) - 30, len(whole) - 1):
            path.write_bytes(whole[:length])
            parsed = inspect(path)
            expect_gap(parsed, path.name)
    with temporary_folder() as folder:
        path = pathlib.Path(folder) / "pkg-1.0.tar"
        with tarfile.open(path, "w") as archive:
            archive.add(built_module(), "multi_phase_init.abi3.so")
            archive.add(built_module(), "second.abi3.so")
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) * 3 // 5])
        parsed = inspect(path)
        expect_gap(parsed, "second.abi3.so")
        expect("multi_phase_init" in modules(parsed), f"the whole member is lost\n{support.brief(parsed)}")
        packed = pathlib.Path(folder) / "pkg-1.0.tar.gz"
        content = gzip.compress(whole)
        packed.write_bytes(content[: len(content) // 3])
        expect_gap(inspect(packed), packed.name)


def zip_bomb():
    """A gigabyte of zeros in a megabyte; alone, and as many members of one piece of data."""
    with wheel() as (path, archive):
        with archive.open("pkg/zeros.abi3.so", "w", force_zip64=True) as zeros:
            for _ in range(1024):
                zeros.write(bytes(1 << 20))
        archive.close()
        expect_gap(inspect(path), path.name, "times its size")
        expect_gap(inspect(path, "--max-archive-size", "500M"), path.name, "500 MiB")
        expect_gap(inspect(path, "--max-archive-ratio", "100000", "--max-member-size", "100M"), "zeros.abi3.so", "100 MiB")


def overlapping_members():
    """Two hundred members that lie in each other: each is small for its claim, together they are gigabytes."""
    with temporary_folder() as folder:
        path = pathlib.Path(folder) / "pkg-1.0-cp314-cp314-linux_x86_64.whl"
        sizes = struct.pack("<3L", 0, 8 << 10, 8 << 20)  # checksum, packed, unpacked
        names = [b"pkg/z%04d.so" % number for number in range(200)]
        start = b"\x14\0\0\0\x08\0\0\0\0\0"
        local = [b"PK\3\4" + start + sizes + struct.pack("<2H", len(name), 0) + name for name in names]
        offsets = [sum(map(len, local[:number])) for number in range(len(local))]
        data = b"".join(local) + bytes(8 << 10)
        central = b"".join(
            b"PK\1\2\x14\0" + start + sizes + struct.pack("<5H2L", len(name), 0, 0, 0, 0, 0, offset) + name
            for name, offset in zip(names, offsets)
        )
        end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(names), len(names), len(central), len(data), 0)
        path.write_bytes(data + central + end)
        with zipfile.ZipFile(path) as archive:
            expect_equal(len(archive.namelist()), 200, "members as Python sees them")
        expect_gap(inspect(path), path.name, "times its size")


def tar_bomb():
    with temporary_folder() as folder:
        path = pathlib.Path(folder) / "pkg-1.0.tar.bz2"
        with tarfile.open(path, "w:bz2", compresslevel=9) as archive:
            archive.add(built_module(), member("pkg-1.0"))
            info = tarfile.TarInfo("pkg-1.0/zeros.so")
            info.size = 300 << 20
            archive.addfile(info, io.BytesIO(bytes(info.size)))
        parsed = inspect(path)
        expect_gap(parsed, path.name, "times its size")


def huge_size_that_is_claimed():
    """A tar header that speaks of eight exabytes; a sparse file of a terabyte."""
    with temporary_folder() as folder:
        path = pathlib.Path(folder) / "pkg-1.0.tar"
        info = tarfile.TarInfo("pkg-1.0/huge.so")
        for size in (1 << 40, (1 << 63) - 1):
            info.size = size
            path.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(10240))
            expect_gap(inspect(path), path.name)


def many_members():
    with wheel() as (path, archive):
        for number in range(300):
            archive.writestr(f"pkg/n{number}.txt", "")
        archive.close()
        inspect(path, status=CLEAN)
        expect_gap(inspect(path, "--max-members", "100"), path.name, "more than 100 members")


def archive_in_an_archive():
    with wheel() as (path, archive):
        archive.writestr("pkg/inner-1.0-py3-none-any.whl", b"PK")
        archive.writestr("pkg/test.tar.gz", b"")
        archive.close()
        parsed = inspect(path)
        expect_gap(parsed, "inner-1.0-py3-none-any.whl", "archive in an archive")
        expect_gap(parsed, "test.tar.gz", "archive in an archive")
        expect_rest(parsed)


def paths_that_leave():
    for name in ("/abs/evil.abi3.so", "../evil.abi3.so", "pkg/../../evil.abi3.so", "C:/evil.abi3.so"):
        with wheel() as (path, archive), temporary_folder() as scratch:
            archive.writestr(name, "x")
            archive.close()
            parsed = inspect(path)
            expect_gap(parsed, "evil.abi3.so", "outside of the folder")
            expect_rest(parsed)
            shutil.copy(path, scratch)
            report("audit", path, "--python", support.interpreter(VERSION), env={**os.environ, "TMPDIR": scratch},
                   status=INCONCLUSIVE)
            expect(not any("evil" in name for _, _, names in os.walk(scratch) for name in names), f"{name} was written")


def links():
    with wheel() as (path, archive):
        link = zipfile.ZipInfo("pkg/alias.abi3.so")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.close()
        parsed = inspect(path)
        expect_gap(parsed, "alias.abi3.so", "link")
        expect_rest(parsed)
    with temporary_folder() as folder:
        path = pathlib.Path(folder) / "pkg-1.0.tar"
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
            for target, leaves in (("/etc/passwd", True), ("../../x.so", True), ("gone.so", False)):
                with tarfile.open(path, "w") as archive:
                    archive.add(built_module(), member(""))
                    info = tarfile.TarInfo("alias.abi3.so")
                    info.type, info.linkname = kind, target
                    archive.addfile(info)
                parsed = inspect(path)
                expect_gap(parsed, "alias.abi3.so", "leaves the archive" if leaves else "link")
                expect_equal(modules(parsed), ["multi_phase_init"], "the other member")
        # One to a member that is read under its own name loses nothing.
        with tarfile.open(path, "w") as archive:
            archive.add(built_module(), member(""))
            info = tarfile.TarInfo("alias.abi3.so")
            info.type, info.linkname = tarfile.SYMTYPE, member("")
            archive.addfile(info)
        expect_equal(modules(inspect(path, status=CLEAN)), ["multi_phase_init"], "a link inside")


def link_then_member_behind_it():
    """"out" is a link to elsewhere, "out/evil" a file: nothing is written there."""
    with temporary_folder() as folder, temporary_folder() as outside, temporary_folder() as scratch:
        path = pathlib.Path(folder) / "pkg-1.0.tar"
        with tarfile.open(path, "w") as archive:
            archive.add(built_module(), member(""))
            info = tarfile.TarInfo("out")
            info.type, info.linkname = tarfile.SYMTYPE, outside
            archive.addfile(info)
            archive.add(built_module(), "out/evil.abi3.so")
        parsed = report("audit", path, "--python", support.interpreter(VERSION), env={**os.environ, "TMPDIR": scratch},
                        status=INCONCLUSIVE)
        expect_gap(parsed, "out", "leaves the archive")
        expect_equal(os.listdir(outside), [], "written outside")


def duplicate_members():
    with wheel(good=False) as (path, archive):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            archive.writestr(member(), "this is no module")
            archive.write(built_module(), member())
        archive.close()
        parsed = inspect(path)
        expect_gap(parsed, member(), "more than once", "last")
        expect_rest(parsed)


def encrypted_member():
    with wheel() as (path, archive):
        archive.writestr("pkg/secret.abi3.so", b"x" * 100)
        archive.close()
        content = bytearray(path.read_bytes())
        name = b"pkg/secret.abi3.so"
        local = content.index(name) - 30
        central = content.index(b"PK\1\2", content.rindex(name) - 46)
        content[local + 6] |= 1
        content[central + 8] |= 1
        path.write_bytes(content)
        parsed = inspect(path)
        expect_gap(parsed, "secret.abi3.so", "encrypted")
        expect_rest(parsed)


def odd_names():
    with wheel() as (path, archive):
        archive.writestr("pkg/mañana.txt", "")
        archive.write(built_module(), "pkg/ñandú.abi3.so")
        archive.writestr("pkg/bell\a\x1b[31m.abi3.so", "")
        archive.writestr("pkg/latin_X.abi3.so", "")
        archive.close()
        content = path.read_bytes().replace(b"latin_X", b"latin_\xe9")
        path.write_bytes(content)
        for locale in ("C", "C.UTF-8"):
            parsed = report("inspect", path, "--fail-on", "never", status=INCONCLUSIVE, env={**os.environ, "LC_ALL": locale})
            expect_gap(parsed, "bell", "control characters")
            expect_gap(parsed, "latin_?", "UTF-8")
            expect_equal(sorted(m["path"].rsplit("/", 1)[1] for m in parsed["modules"])[1:], ["ñandú.abi3.so"], locale)
            expect("\x1b" not in str(parsed) and "\a" not in str(parsed), "control characters in the report")
            expect_rest(parsed)


def lying_sizes():
    """The archive's word and the data differ: shorter, longer, and a wrong checksum."""
    for claimed in (10, 1 << 20, (1 << 32) - 2):
        with wheel() as (path, archive):
            archive.writestr("pkg/liar.abi3.so", os.urandom(5000))
            archive.close()
            content = bytearray(path.read_bytes())
            name = b"pkg/liar.abi3.so"
            central = content.rindex(name) - 46
            struct.pack_into("<L", content, content.index(name) - 30 + 22, claimed)
            struct.pack_into("<L", content, central + 24, claimed)
            path.write_bytes(content)
            parsed = inspect(path, "--max-archive-ratio", "100000000")
            expect_gap(parsed, "liar.abi3.so")
            expect_rest(parsed)
    with wheel() as (path, archive):
        archive.writestr("pkg/liar.abi3.so", b"y" * 5000)
        archive.close()
        content = bytearray(path.read_bytes())
        name = b"pkg/liar.abi3.so"
        for at in (content.index(name) - 30 + 14, content.rindex(name) - 46 + 16):
            content[at] ^= 0xFF
        path.write_bytes(content)
        parsed = inspect(path)
        expect_gap(parsed, "liar.abi3.so", "CRC")
        expect_rest(parsed)


def unreadable_wheel():
    """It is not there, or is a pipe."""
    with temporary_folder() as folder:
        path = pathlib.Path(folder) / "pkg-1.0-cp314-cp314-linux_x86_64.whl"
        expect_gap(inspect(path), path.name, "no such file")
        os.mkfifo(path)
        expect_gap(inspect(path), path.name, "neither a file nor a folder")


def full_disk():
    """The folder for unpacked wheels cannot be made: a gap, and no run."""
    with wheel() as (path, archive):
        archive.close()
        parsed = report("audit", path, "--python", support.interpreter(VERSION), status=INCONCLUSIVE,
                        env={**os.environ, "TMPDIR": "/proc/self/nowhere"})
        expect(parsed["gaps"], "no gap")


CHECKS = {
    check.__name__: check
    for check in (
        html_instead,
        truncated,
        zip_bomb,
        overlapping_members,
        tar_bomb,
        huge_size_that_is_claimed,
        many_members,
        archive_in_an_archive,
        paths_that_leave,
        links,
        link_then_member_behind_it,
        duplicate_members,
        encrypted_member,
        odd_names,
        lying_sizes,
        unreadable_wheel,
        full_disk,
    )
}

if __name__ == "__main__":
    sys.exit(support.main(CHECKS))
