"""Each project's Windows and macOS wheels against its Linux wheel, module by module: hooks, init, declaration, framework.

What differs for a reason is listed, with the reason, in twins_explained.tsv.
"""

import collections
import fnmatch
import os
import pathlib

import claims

LINUX = "manylinux"
PLATFORMS = (LINUX, "win_amd64", "macosx_arm64", "macosx_x86_64")
EXPLAINED = pathlib.Path(__file__).with_name("twins_explained.tsv")

# kind: missing, extra, hooks, init, declares, framework
Difference = collections.namedtuple("Difference", "platform module kind words")


def explanations():
    lines = EXPLAINED.read_text().splitlines()
    return [tuple(line.split("\t")) for line in lines if line and not line.startswith("#")]


def reason_of(difference, explained):
    for platform, module, kind, reason in explained:
        if all(
            fnmatch.fnmatchcase(word, pattern)
            for word, pattern in ((difference.platform, platform), (difference.module, module), (difference.kind, kind))
        ):
            return reason
    return None


def dotted_name(path):
    """numpy/_core/_simd.cp314-win_amd64.pyd is numpy._core._simd on every platform."""
    folder, name = os.path.split(path)
    return ".".join([*pathlib.PurePath(folder).parts, name.partition(".")[0]])


def modules_of(report, folder):
    """Dotted name → the modules of that file (one for each architecture), of files that are extension modules."""
    found = collections.defaultdict(list)
    for module in report["modules"]:
        if module["entry_points"]:
            found[dotted_name(os.path.relpath(module["path"], folder))].append(module)
    return found


def declared(entry):
    declares = entry["declares"]
    words = [declares["multiple_interpreters"], "gil " + declares["gil"], f"state {declares['state_size']}"]
    words += [f"{key}: {declares[key]}" for key in ("invalid", "undetermined_reason") if key in declares]
    return ", ".join(words)


# State is a C structure: its size is the platform's, that there is one is not.
def comparable(entry):
    size = entry["declares"]["state_size"]
    kind = size if size is None or size <= 0 else "some"
    return {**entry["declares"], "state_size": kind}


def differences(platform, name, linux, other):
    if linux["framework"] != other["framework"]:
        yield Difference(platform, name, "framework", f"{linux['framework']} on Linux, {other['framework']}")
    ours, theirs = ({entry["symbol"]: entry for entry in module["entry_points"]} for module in (linux, other))
    if set(ours) != set(theirs):
        words = f"{', '.join(sorted(ours))} on Linux, {', '.join(sorted(theirs))}"
        yield Difference(platform, name, "hooks", words)
    for symbol in sorted(set(ours) & set(theirs)):
        one, two = ours[symbol], theirs[symbol]
        if one["init"] != two["init"]:
            yield Difference(platform, name, "init", f"{symbol}: {one['init']} on Linux, {two['init']}")
        elif comparable(one) != comparable(two):
            yield Difference(platform, name, "declares", f"{symbol}: {declared(one)} on Linux, {declared(two)}")


def compare_platform(platform, linux, report, folder):
    """How many modules agree, and the differences."""
    others = modules_of(report, folder)
    found, agree = [], 0
    for name in sorted(set(linux) | set(others)):
        if name not in others:
            why = [gap["reason"] for gap in report["gaps"] if dotted_name(os.path.relpath(gap["input"], folder)) == name]
            found.append(Difference(platform, name, "missing", "; ".join(why) or "the wheel has no such module"))
        elif name not in linux:
            found.append(Difference(platform, name, "extra", "Linux has no such module"))
        else:
            some = [one for module in others[name] for one in differences(platform, name, linux[name][0], module)]
            found += some
            agree += not some
    return agree, found


def compare(sites, isoaudit):
    """Prints each difference with its reason; 1 when one has none."""
    if LINUX not in sites:
        return 1
    explained = explanations()
    linux = modules_of(claims.inspect(isoaudit, sites[LINUX]), sites[LINUX])
    unexplained = 0
    summary = []
    for platform, folder in sites.items():
        if platform == LINUX:
            continue
        report = claims.inspect(isoaudit, folder)
        agree, found = compare_platform(platform, linux, report, folder)
        reasons = [reason_of(difference, explained) for difference in found]
        for difference, reason in zip(found, reasons):
            where = f"{platform} {difference.module}: {difference.kind}: {difference.words}"
            print(f"{'explained' if reason else 'unexplained'}: {where}{': ' + reason if reason else ''}")
        unexplained += reasons.count(None)
        modules = agree + len({difference.module for difference in found})
        summary.append(f"{platform}: {modules} modules, {agree} agree with Linux, {len(found)} differences, "
                       f"{reasons.count(None)} of them unexplained")
    print("\n" + "\n".join(summary))
    return 1 if unexplained else 0
