"""Ratios against the peers of design.md, both sides in one run: compare.py {scan,inspect,probe} ...

Each pair is run in turn, A B A B, and the median of the ratios is printed with the medians of both sides. CPU time is
user and system time of all child processes; wall is wall clock. Nothing here passes or fails.
"""

import argparse
import itertools
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time


def measure(command, **options):
    """Runs `command`; returns (CPU seconds of it and its children, wall seconds). Its exit status says nothing here."""
    before = os.times()
    started = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, **options)
    wall = time.monotonic() - started
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return cpu, wall


def compare(label, ours, peer, peer_name, runs, what):
    """Prints one line. `what` is 0 for CPU, 1 for wall."""
    mine, theirs, ratios = [], [], []
    measure(ours), measure(peer)  # warm
    for _ in range(runs):
        a, b = measure(ours)[what], measure(peer)[what]
        mine.append(a)
        theirs.append(b)
        ratios.append(a / b if b else float("inf"))
    unit = ("CPU", "wall")[what]
    print(
        f"{label}: {statistics.median(ratios):.2f}x {peer_name} "
        f"({unit}: {statistics.median(mine):.3f} s against {statistics.median(theirs):.3f} s, {runs} runs)"
    )


def scan(arguments):
    database = json.loads((pathlib.Path(arguments.build) / "compile_commands.json").read_text())
    below = str(pathlib.Path(arguments.source).resolve())
    rows = {os.path.realpath(os.path.join(row["directory"], row["file"])): row for row in database}
    files = sorted(file for file in rows if file == below or file.startswith(below + "/"))
    peer = [
        "clang-tidy-19", "--quiet", "-p", arguments.build,
        "--checks=-*,cppcoreguidelines-avoid-non-const-global-variables", *files,
    ]
    print(f"scan: {len(files)} units; load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        caches = itertools.count()
        kept = ""

        def ours(build=arguments.build, cache=True):
            line = [arguments.isoaudit, "scan", arguments.source, "-p", build, "-j", "1", "--format", "json"]
            if arguments.python:
                line += ["--python", arguments.python]
            return line + (["--cache-dir", kept] if cache else ["--no-cache"])

        def first(build=arguments.build):
            # A new one: just after many files were removed, ext4 looks long for a place for others.
            nonlocal kept
            kept = os.path.join(folder, f"kept-{next(caches)}")
            return measure(ours(build))[0]

        firsts, peers = [], []
        for _ in range(arguments.runs):
            firsts.append(first())
            peers.append(measure(peer)[0])
        ratio = statistics.median(a / b for a, b in zip(firsts, peers))
        once = statistics.median(firsts)
        print(
            f"scan, first: {ratio:.2f}x clang-tidy "
            f"(CPU: {once:.2f} s against {statistics.median(peers):.2f} s, {arguments.runs} runs)"
        )
        say_share("nothing changed", [measure(ours())[0] for _ in range(arguments.runs)], once)
        say_share("one unit changed", changed(files[len(files) // 2], arguments.runs, lambda: measure(ours())[0]), once)
        for count in sorted({count for count in (50, 100, len(files)) if count <= len(files)}):
            some = [rows[files[i * len(files) // count]] for i in range(count)]
            build = pathlib.Path(folder, str(count))
            build.mkdir()
            (build / "compile_commands.json").write_text(json.dumps(some))
            cost = statistics.median(first(str(build)) for _ in range(arguments.runs))
            print(f"scan, {count} units: {cost / count * 1e3:.1f} ms CPU each ({cost:.2f} s)")
        print(f"scan, memory of its largest process: {largest_process(ours(cache=False)):.0f} MB")


def say_share(what, costs, once):
    cost = statistics.median(costs)
    print(f"scan again, {what}: 1/{once / cost:.0f} of the first (CPU: {cost:.3f} s, {len(costs)} runs)")


def changed(file, runs, cost):
    """What `cost` says after each change of the file, which is as it was in the end."""
    path = pathlib.Path(file)
    before = path.read_bytes()
    costs = []
    try:
        for number in range(runs):
            path.write_bytes(before + f"\n/* {number} */\n".encode())
            costs.append(cost())
    finally:
        path.write_bytes(before)
    return costs


def family(process):
    """The process and all its descendants that live now."""
    found = [process]
    for parent in found:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                found += map(int, pathlib.Path(f"/proc/{parent}/task/{task}/children").read_text().split())
        except OSError:
            pass  # it has ended
    return found


def peak_memory(command):
    """MB that all processes of `command` hold together at most, looked at every few milliseconds; what they share
    counts once (PSS)."""
    peak = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            total = 0
            for member in family(process.pid):
                try:
                    rows = pathlib.Path(f"/proc/{member}/smaps_rollup").read_text().splitlines()
                    total += next(int(row.split()[1]) for row in rows if row.startswith("Pss:"))
                except (OSError, StopIteration):
                    pass  # it has ended
            peak = max(peak, total)
            time.sleep(0.005)
    return peak / 1024


def largest_process(command):
    """MB that one process of `command` held at its worst, looked at every few milliseconds."""
    worst = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            for member in family(process.pid):
                try:
                    rows = pathlib.Path(f"/proc/{member}/status").read_text().splitlines()
                    worst = max(worst, next(int(row.split()[1]) for row in rows if row.startswith("VmHWM:")))
                except (OSError, StopIteration):
                    pass  # it has ended
            time.sleep(0.005)
    return worst / 1024


def inspect(arguments):
    files = sorted(
        str(path)
        for folder in arguments.folders
        for path in pathlib.Path(folder).rglob("*")
        if path.suffix in (".so", ".pyd") and path.is_file() and not path.is_symlink()
    )
    sizes = {file: os.path.getsize(file) for file in files}
    print(f"inspect: {len(files)} modules, {sum(sizes.values()) / 1e6:.1f} MB; load {os.getloadavg()[0]:.1f}")
    ours = [arguments.isoaudit, "inspect", *arguments.folders, "--format", "json"]
    compare("inspect", ours, ["sha256sum", *files], "sha256sum", arguments.runs, 0)
    walls = [measure(ours)[1] for _ in range(arguments.runs)]
    print(f"inspect, wall: {min(walls):.3f} s at best, {statistics.median(walls):.3f} s in the middle")
    print(f"inspect, memory of all its processes together: {peak_memory(ours):.0f} MB")
    small = min(files, key=lambda file: (sizes[file], file))
    single = [measure([arguments.isoaudit, "inspect", small]) for _ in range(max(20, arguments.runs))]
    print(
        f"inspect, one module of {sizes[small] / 1e3:.0f} kB: wall {min(wall for _, wall in single) * 1e3:.0f} ms at best, "
        f"{statistics.median(wall for _, wall in single) * 1e3:.0f} ms in the middle; "
        f"CPU {statistics.median(cpu for cpu, _ in single) * 1e3:.0f} ms"
    )


def probe(arguments):
    here = pathlib.Path(__file__).resolve().parent
    count = str(arguments.interpreters)
    peer = [arguments.python, str(here / "interpreters_script.py"), arguments.root, arguments.module, count]
    path = arguments.file
    ours = [
        arguments.isoaudit, "probe", path, "--python", arguments.python, "--interpreters", count, "--rounds", "1",
        "--format", "json",
    ]
    script = "a concurrent.interpreters script"
    compare("probe, evidence off", [*ours, "--no-evidence"], peer, script, arguments.runs, 1)
    compare("probe, all levels and evidence", ours, peer, script, arguments.runs, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--isoaudit", required=True, help="the built program")
    parser.add_argument("--runs", type=int, default=5)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("scan")
    command.add_argument("source", help="source tree")
    command.add_argument("build", help="folder of its compile_commands.json")
    command.add_argument("--python", default="", help="interpreter whose headers serve units that name no Python")
    command.set_defaults(run=scan)
    command = commands.add_parser("inspect")
    command.add_argument("folders", nargs="+")
    command.set_defaults(run=inspect)
    command = commands.add_parser("probe")
    command.add_argument("file", help="compiled module")
    command.add_argument("root", help="folder to import it from")
    command.add_argument("module", help="dotted name")
    command.add_argument("python", help="path of an interpreter from 3.14 on")
    command.add_argument("--interpreters", type=int, default=4)
    command.set_defaults(run=probe)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
