# Runs in the audited interpreter, with -I: which compiled modules belong to these installed distributions?
# argv: name, environment marker, name, marker, ... Answers on descriptor 3: records of fields that end in NUL, each
# record led by its number of fields. Imports nothing that is installed and runs nothing of it.
import ast
import csv
import difflib
import glob
import json
import os
import platform
import re
import sys
from importlib import metadata
from urllib.parse import urlsplit
from urllib.request import url2pathname

ENDINGS = (".so", ".pyd", ".dylib")
ENVIRONMENT = {
    "os_name": os.name,
    "sys_platform": sys.platform,
    "platform_machine": platform.machine(),
    "platform_python_implementation": platform.python_implementation(),
    "platform_release": platform.release(),
    "platform_system": platform.system(),
    "platform_version": platform.version(),
    "python_version": "%d.%d" % sys.version_info[:2],
    "python_full_version": platform.python_version(),
    "implementation_name": sys.implementation.name,
    "implementation_version": platform.python_version(),
    "extra": "",
}


def version(text):
    numbers = re.fullmatch(r"\d+(\.\d+)*", text)
    return [int(part) for part in text.split(".")] if numbers else None


def compare(left, operator, right):
    if isinstance(operator, ast.In):
        return left in right
    if isinstance(operator, ast.NotIn):
        return left not in right
    if version(left) is not None and version(right) is not None:
        left, right = version(left), version(right)
        longest = max(len(left), len(right))
        left, right = (side + [0] * (longest - len(side)) for side in (left, right))
    return {
        ast.Eq: lambda: left == right,
        ast.NotEq: lambda: left != right,
        ast.Lt: lambda: left < right,
        ast.LtE: lambda: left <= right,
        ast.Gt: lambda: left > right,
        ast.GtE: lambda: left >= right,
    }[type(operator)]()


def evaluate(node):
    if isinstance(node, ast.BoolOp):
        values = [evaluate(value) for value in node.values]
        return all(values) if isinstance(node.op, ast.And) else any(values)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return compare(evaluate(node.left), node.ops[0], evaluate(node.comparators[0]))
    if isinstance(node, ast.Name):
        return ENVIRONMENT[node.id]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise ValueError(ast.dump(node))


def applies(marker):
    """PEP 508. What cannot be decided ("~=", say) is taken to apply: then its absence is said."""
    try:
        return not marker or bool(evaluate(ast.parse(marker.strip(), mode="eval").body))
    except (ValueError, KeyError, SyntaxError, TypeError, RecursionError):
        return True


def key(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def below(folder, root):
    """Compiled modules in a folder, relative to the root."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        yield from (os.path.relpath(os.path.join(parent, name), root) for name in names if name.endswith(ENDINGS))


def of_debian(info, root):
    """Debian takes RECORD away: its package manager knows which files came with the metadata."""
    lines = tuple(f"\n{info}{end}".encode() for end in ("\n", "/"))
    for path in sorted(glob.glob("/var/lib/dpkg/info/*.list")):
        with open(path, "rb") as listing:
            content = listing.read()
        if any(line in content for line in lines):
            files = os.fsdecode(content).split("\n")
            return [os.path.relpath(f, root) for f in files if f.endswith(ENDINGS) and f.startswith(root + "/")]
    return None


def by_top_level(distribution, name, root):
    """Without any list: what its top-level names are on disk."""
    tops = (distribution.read_text("top_level.txt") or "").split() or [name, re.sub("[-.]", "_", name)]
    files, known = set(), False
    for top in {top for top in tops} | {top.lower() for top in tops}:
        if os.path.isdir(os.path.join(root, top)):
            known = True
            files.update(below(os.path.join(root, top), root))
        beside = [path for path in glob.glob(os.path.join(glob.escape(root), glob.escape(top) + ".*")) if os.path.isfile(path)]
        known = known or bool(beside)
        files.update(os.path.relpath(path, root) for path in beside if path.endswith(ENDINGS))
    return sorted(files) if known else None


def module_files(distribution, name, root, info):
    record = distribution.read_text("RECORD")
    if record is not None:
        return [row[0] for row in csv.reader(record.splitlines()) if row and row[0].endswith(ENDINGS)]
    listed = distribution.read_text("installed-files.txt")
    if listed is not None:
        paths = (os.path.normpath(os.path.join(info, line)) for line in listed.splitlines())
        return [os.path.relpath(path, root) for path in paths if path.endswith(ENDINGS)]
    files = of_debian(info, root)
    return by_top_level(distribution, name, root) if files is None else files


def editable(distribution):
    """The project's folder, when it is installed in place."""
    try:
        origin = json.loads(distribution.read_text("direct_url.json") or "{}")
        if origin.get("dir_info", {}).get("editable"):
            return url2pathname(urlsplit(origin["url"]).path)
    except (ValueError, KeyError, AttributeError):
        pass
    return None


def answer(name, marker):
    if not applies(marker):
        return ("not-needed", name)
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        installed = {key(d.metadata["Name"]): d.metadata["Name"] for d in metadata.distributions() if d.metadata["Name"]}
        near = difflib.get_close_matches(key(name), installed, 1, 0.7)
        return ("missing", name, installed[near[0]] if near else "")
    called = distribution.metadata["Name"] or name
    root = os.path.realpath(distribution.locate_file(""))
    info = os.path.join(root, os.path.basename(str(getattr(distribution, "_path", ""))))
    project = editable(distribution)
    if project:
        return ("editable", name, called, distribution.version, project)
    files = module_files(distribution, called, root, info)
    if files is None:
        return ("no-list", name, called, distribution.version)
    return ("installed", name, called, distribution.version, root, *sorted(set(files)))


def main():
    words = iter(sys.argv[1:])
    records = []
    for name in words:
        marker = next(words)
        try:
            records.append(answer(name, marker))
        except Exception as error:  # broken metadata of one loses that one only
            records.append(("failed", name, f"{type(error).__name__}: {error}"))
    out = "".join(f"{len(record)}\0" + "".join(f"{field}\0" for field in record) for record in records)
    data = out.encode(errors="surrogateescape")
    while data:
        data = data[os.write(3, data):]


main()
