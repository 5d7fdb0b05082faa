"""One audit of many modules of an environment: environment.py FOLDER --isoaudit P --python PYTHON ...

Runs `isoaudit audit` over 25, 50 and 100 of the extension modules in a folder (or all, when it holds fewer), chosen
evenly, and prints for each: wall clock, CPU time, how many cores that kept busy, CPU time a module. With --alone each
module is also audited by itself: the median, and the worst five with what took their time. Nothing here passes or fails.

Without a sandbox: when one is ended, the kernel forgets what the processes in it have used.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from compare import measure


class Audit:
    """How a set of modules is audited, and what the last audit of them said."""

    def __init__(self, arguments, folder):
        self.line = [arguments.isoaudit, "audit", "--python", arguments.python, "--format", "json"]
        self.line += ["--no-cache", "--no-sandbox", *arguments.options.split()]
        self.report = os.path.join(folder, "report.json")

    def run(self, files):
        """CPU, wall and the report's modules."""
        cpu, wall = measure([*self.line, "-o", self.report, *files])
        return cpu, wall, json.loads(pathlib.Path(self.report).read_text())["modules"]


def modules_of(arguments):
    """The files below the folder that the interpreter can import, sorted."""
    line = [arguments.isoaudit, "inspect", arguments.folder, "--python", arguments.python, "--format", "json"]
    report = json.loads(subprocess.run(line, stdout=subprocess.PIPE, check=False).stdout)
    return sorted(module["path"] for module in report["modules"] if module["verdicts"])


def some_of(files, count):
    return [files[i * len(files) // count] for i in range(count)]


def longest_phases(module):
    """ "concurrent 1.2 s, forced 0.8 s": wall clock of its levels."""
    phases = [phase for verdict in module["verdicts"] for phase in verdict["phases"]]
    phases.sort(key=lambda phase: -(phase.get("seconds") or 0))
    return ", ".join(f"{phase['name']} {phase['seconds']:.2f} s" for phase in phases[:3] if phase.get("seconds"))


def together(audit, files, counts):
    for count in counts:
        cpu, wall, modules = audit.run(some_of(files, count))
        verdicts = {}
        for module in modules:
            for verdict in module["verdicts"]:
                verdicts[verdict["verdict"]] = verdicts.get(verdict["verdict"], 0) + 1
        said = ", ".join(f"{number} {name}" for name, number in sorted(verdicts.items()))
        print(
            f"{count} modules: wall {wall:.1f} s, CPU {cpu:.1f} s, {cpu / wall:.2f} cores busy, "
            f"{cpu / count:.2f} s CPU and {wall / count:.2f} s wall each ({said})",
            flush=True,
        )


def alone(audit, files):
    costs = []
    for file in files:
        cpu, wall, modules = audit.run([file])
        if modules:
            costs.append((cpu, wall, modules[0]))
    costs.sort(key=lambda cost: -cost[0])
    print(
        f"alone: {len(costs)} modules, CPU {statistics.median(cost[0] for cost in costs):.2f} s at the median, "
        f"wall {statistics.median(cost[1] for cost in costs):.2f} s"
    )
    for cpu, wall, module in costs[:5]:
        print(f"  {module['name']}: CPU {cpu:.2f} s, wall {wall:.2f} s; {longest_phases(module)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--isoaudit", required=True, help="the built program")
    parser.add_argument("--python", required=True, help="path of the interpreter")
    parser.add_argument("--counts", type=int, nargs="+", default=[25, 50, 100])
    parser.add_argument("--alone", action="store_true", help="audit each module by itself as well")
    parser.add_argument("--options", default="", help="further options of isoaudit, in one word")
    parser.add_argument("folder")
    arguments = parser.parse_args()
    files = modules_of(arguments)
    counts = sorted({min(count, len(files)) for count in arguments.counts})
    print(f"{len(files)} modules; load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        audit = Audit(arguments, folder)
        together(audit, files, counts)
        if arguments.alone:
            alone(audit, some_of(files, counts[-1]))


if __name__ == "__main__":
    sys.exit(main())
