# Runs in the audited interpreter, with -I -S: how do these projects compile their extension modules, as far as literals
# tell? argv: the folders and files that the user named. Answers on descriptor 3, as JSON. Reads setup.py,
# pyproject.toml, setup.cfg, meson.build and CMakeLists.txt as data: nothing of the project is imported or run.
import ast
import configparser
import glob
import json
import os
import platform
import re
import site
import sys
import tomllib

BUILD_FILES = ("setup.py", "pyproject.toml", "setup.cfg", "meson.build", "CMakeLists.txt")
MOST_STEPS = 200_000
MOST_ITEMS = 20_000
LARGEST_FILE = 4 << 20
HARMLESS = (str, int, float, bool, type(None))


class Unknown(Exception):
    """What only a run of the build would tell."""


class Extension:
    def __init__(self):
        self.sources, self.include_dirs, self.flags = [], [], []

    def as_json(self, folder):
        def places(paths):
            return [os.path.normpath(os.path.join(folder, path)) for path in paths]

        return {"sources": places(self.sources), "include_dirs": places(self.include_dirs), "flags": self.flags}


class Project:
    def __init__(self, folder):
        self.folder = folder
        self.extensions = []
        self.flags, self.c_flags, self.cxx_flags, self.include_dirs = [], [], [], []
        self.read = []
        self.whole = True

    def as_json(self):
        for extension in self.extensions:
            extension.flags += self.flags
            extension.include_dirs += self.include_dirs
        return {
            "folder": self.folder,
            "extensions": [extension.as_json(self.folder) for extension in self.extensions],
            "c_flags": self.flags + self.c_flags,
            "cxx_flags": self.flags + self.cxx_flags,
            "read": self.read,
            "whole": self.whole and bool(self.extensions),
        }


def macros(pairs):
    flags = []
    for pair in pairs:
        name, value = (pair[0], pair[1] if len(pair) > 1 else None) if isinstance(pair, (list, tuple)) else (pair, None)
        flags.append(f"-D{name}" if value in (None, "") else f"-D{name}={value}")
    return flags


class SetupReader:
    """The statements of a setup.py, one after the other, as far as their values are plain."""

    def __init__(self, project):
        self.project = project
        self.steps = 0
        self.depth = 0
        self.functions = {}
        self.called_setup = False
        self.env = {"__file__": "setup.py", "__name__": "__main__"}

    def doubt(self):
        self.project.whole = False

    # Values

    def value(self, node):
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Unknown
        method = getattr(self, "value_" + type(node).__name__, None)
        if method is None:
            raise Unknown
        return method(node)

    def maybe(self, node):
        try:
            return self.value(node)
        except Unknown:
            return Unknown

    def value_Constant(self, node):
        return node.value

    def value_Name(self, node):
        found = self.env.get(node.id, {"True": True, "False": False}.get(node.id, Unknown))
        if found is Unknown:
            raise Unknown
        return found

    def items(self, nodes):
        """Elements that are not known are left out, and the whole is in doubt."""
        found = []
        for node in nodes:
            spread = isinstance(node, ast.Starred)
            item = self.maybe(node.value if spread else node)
            if item is Unknown:
                self.doubt()
            elif spread:
                found.extend(item)
            else:
                found.append(item)
        return found

    def value_List(self, node):
        return self.items(node.elts)

    value_Set = value_List

    def value_Tuple(self, node):
        return tuple(self.items(node.elts))

    def value_Dict(self, node):
        found = {}
        for key, item in zip(node.keys, node.values):
            if key is None:
                more = self.value(item)
                if not isinstance(more, dict):
                    raise Unknown
                found.update(more)
            else:
                found[self.value(key)] = self.maybe(item)
        return found

    def value_JoinedStr(self, node):
        parts = []
        for part in node.values:
            item = self.value(part.value if isinstance(part, ast.FormattedValue) else part)
            if not isinstance(item, HARMLESS):
                raise Unknown
            parts.append(str(item))
        return "".join(parts)

    def value_BinOp(self, node):
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Add):
            if type(left) is not type(right) or not isinstance(left, (str, list, tuple)):
                raise Unknown
            if len(left) + len(right) > MOST_ITEMS:
                raise Unknown
            return left + right
        if isinstance(node.op, ast.Div) and isinstance(left, str) and isinstance(right, str):  # of pathlib's
            return os.path.join(left, right)
        if isinstance(node.op, ast.Mod) and isinstance(left, str) and not re.search(r"%[^s%]", left):
            items = right if isinstance(right, tuple) else (right,)
            if all(isinstance(item, HARMLESS) for item in items) and left.count("%s") == len(items):
                return left % right
        raise Unknown

    def value_UnaryOp(self, node):
        item = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            return not item
        raise Unknown

    def value_BoolOp(self, node):
        is_and = isinstance(node.op, ast.And)
        unknown = False
        for part in node.values:
            item = self.maybe(part)
            if item is Unknown:
                unknown = True
            elif bool(item) != is_and:
                return item
            elif not unknown:
                last = item
        if unknown:
            raise Unknown
        return last

    def value_Compare(self, node):
        left = self.value(node.left)
        for operator, right in zip(node.ops, node.comparators):
            right = self.value(right)
            try:
                fits = {
                    ast.Eq: lambda: left == right, ast.NotEq: lambda: left != right, ast.Lt: lambda: left < right,
                    ast.LtE: lambda: left <= right, ast.Gt: lambda: left > right, ast.GtE: lambda: left >= right,
                    ast.In: lambda: left in right, ast.NotIn: lambda: left not in right,
                    ast.Is: lambda: left is right, ast.IsNot: lambda: left is not right,
                }[type(operator)]()
            except TypeError:
                raise Unknown from None
            if not fits:
                return False
            left = right
        return True

    def value_IfExp(self, node):
        return self.value(node.body if self.value(node.test) else node.orelse)

    def value_Subscript(self, node):
        try:
            index = node.slice
            if isinstance(index, ast.Slice):
                index = slice(*(None if part is None else self.value(part) for part in (index.lower, index.upper, index.step)))
            else:
                index = self.value(index)
            item = self.value(node.value)[index]
        except (LookupError, TypeError):
            raise Unknown from None
        if item is Unknown:
            raise Unknown
        return item

    def value_Attribute(self, node):
        known = {
            "sys.platform": sys.platform, "os.name": os.name, "os.sep": os.sep, "os.path.sep": os.sep,
            "sys.version_info": tuple(sys.version_info), "sys.maxsize": sys.maxsize, "sys.argv": ["setup.py", "build_ext"],
            "sys.implementation.name": sys.implementation.name, "sys.byteorder": sys.byteorder,
            "sys.version_info.major": sys.version_info.major, "sys.version_info.minor": sys.version_info.minor,
            "sys.builtin_module_names": sys.builtin_module_names, "os.environ": {}, "os.pathsep": os.pathsep,
        }
        dotted = ast.unparse(node)
        if dotted in known:
            return known[dotted]
        item = self.value(node.value)
        if isinstance(item, str) and node.attr == "parent":  # of pathlib's
            return os.path.dirname(item)
        raise Unknown

    def comprehension(self, node, make):
        if len(node.generators) != 1 or node.generators[0].is_async:
            raise Unknown
        generator = node.generators[0]
        found = []
        before = dict(self.env)
        for item in self.plain_items(self.value(generator.iter)):
            self.bind(generator.target, item)
            if all(self.value(test) for test in generator.ifs):
                found.append(make())
        self.env = before
        return found

    def value_ListComp(self, node):
        return self.comprehension(node, lambda: self.value(node.elt))

    value_GeneratorExp = value_SetComp = value_ListComp

    def value_Call(self, node):
        name = ast.unparse(node.func)
        last = name.rpartition(".")[2]
        if last.endswith("Extension"):
            return self.extension(node)
        if last == "cythonize":
            return self.cythonized(node)
        if last == "setup" and name in ("setup", "setuptools.setup", "distutils.core.setup", "core.setup"):
            return self.setup(node)
        arguments = [self.value(argument) for argument in node.args if not isinstance(argument, ast.Starred)]
        if len(arguments) != len(node.args):
            raise Unknown
        if name in self.functions and not node.keywords:
            return self.call(self.functions[name], arguments)
        return self.library_call(node, name, last, arguments)

    def library_call(self, node, name, last, arguments):
        texts = all(isinstance(argument, str) for argument in arguments)
        if texts and arguments:
            if name in ("os.path.join", "path.join", "join", "pjoin"):
                return os.path.join(*arguments)
            if name in ("os.path.abspath", "os.path.realpath", "os.path.normpath", "abspath", "realpath", "str", "Path",
                        "pathlib.Path", "os.fspath", "convert_path"):
                return os.path.join(*arguments)
            if name in ("os.path.dirname", "dirname"):
                return os.path.dirname(arguments[0])
            if name in ("os.path.basename", "basename"):
                return os.path.basename(arguments[0])
            if name in ("os.path.exists", "os.path.isfile", "os.path.isdir"):
                return os.path.exists(os.path.join(self.project.folder, arguments[0]))
            if name in ("glob", "glob.glob", "glob.iglob"):
                return self.globbed(arguments[0])
            if name == "os.path.splitext":
                return os.path.splitext(arguments[0])
        if name in ("os.environ.get", "os.getenv", "environ.get", "getenv"):
            return arguments[1] if len(arguments) > 1 else None  # as in a plain build
        if name in ("platform.system", "platform.machine", "platform.python_implementation", "platform.architecture"):
            return getattr(platform, last)()
        if name in ("list", "tuple", "sorted", "set") and len(arguments) == 1 and not node.keywords:
            plain = self.plain_items(arguments[0])
            return tuple(plain) if name == "tuple" else sorted(plain, key=str) if name != "list" else list(plain)
        if name in ("dict", "bool", "len") and len(arguments) == 1 and not node.keywords:
            try:
                return {"dict": dict, "bool": bool, "len": len}[name](arguments[0])
            except (TypeError, ValueError):
                raise Unknown from None
        if isinstance(node.func, ast.Attribute):
            return self.method(self.value(node.func.value), node.func.attr, arguments)
        raise Unknown

    def method(self, item, name, arguments):
        if isinstance(item, str):
            if name == "glob" and len(arguments) == 1:  # of pathlib's
                return self.globbed(os.path.join(item, arguments[0]))
            if name in ("joinpath", "resolve", "absolute", "as_posix", "relative_to"):
                return os.path.join(item, *arguments) if name == "joinpath" else item
            if name in ("join", "split", "strip", "replace", "lower", "upper", "startswith", "endswith", "rstrip",
                        "lstrip", "splitlines", "format"):
                if name == "format" and not all(isinstance(a, (str, int)) for a in arguments):
                    raise Unknown
                if name == "format" and re.search(r"\{[^}]*[^}\d]", item):
                    raise Unknown  # attributes, widths
                try:
                    return getattr(item, name)(*arguments)
                except (TypeError, ValueError, LookupError):
                    raise Unknown from None
        if isinstance(item, dict) and name == "get" and arguments:
            found = item.get(*arguments[:2])
            if found is Unknown:
                raise Unknown
            return found
        if isinstance(item, list) and name in ("append", "extend", "insert") and arguments:
            more = self.plain_items(arguments[0]) if name == "extend" else [arguments[-1]]
            if len(item) + len(more) > MOST_ITEMS:
                raise Unknown
            item.extend(more)
            return None
        if isinstance(item, list) and name == "copy":
            return list(item)
        raise Unknown

    def plain_items(self, items):
        if isinstance(items, dict):
            return list(items)
        if not isinstance(items, (list, tuple)):
            raise Unknown
        return items

    def globbed(self, pattern):
        if os.path.isabs(pattern) or ".." in pattern.split("/"):
            raise Unknown
        return sorted(glob.glob(pattern, root_dir=self.project.folder, recursive="**" in pattern))

    # What a build file says of extensions

    def words(self, item):
        if isinstance(item, str):
            return [item]
        return [str(word) for word in self.plain_items(item) if isinstance(word, (str, int))]

    def extension(self, node):
        names = ["name", "sources", "include_dirs", "define_macros", "undef_macros"]
        given = dict(zip(names, node.args))
        for keyword in node.keywords:
            if keyword.arg is not None:
                given[keyword.arg] = keyword.value
                continue
            more = self.maybe(keyword.value)
            if isinstance(more, dict):
                for name, item in more.items():
                    given.setdefault(name, item)
            else:
                self.doubt()
        extension = Extension()
        for name, item in given.items():
            if isinstance(item, ast.AST):
                item = self.maybe(item)
            if item is Unknown or item is None:
                if item is Unknown and name in (*names, "extra_compile_args"):
                    self.doubt()
                continue
            try:
                if name == "sources":
                    extension.sources = self.words(item)
                elif name == "include_dirs":
                    extension.include_dirs = self.words(item)
                elif name == "define_macros":
                    extension.flags += macros(self.plain_items(item))
                elif name == "undef_macros":
                    extension.flags += ["-U" + word for word in self.words(item)]
                elif name == "extra_compile_args":
                    extension.flags += self.words(item)
                elif name == "cxx_std" and isinstance(item, int):
                    extension.flags.append(f"-std=c++{item}")
            except (Unknown, TypeError, LookupError):
                self.doubt()
        if not extension.sources:
            self.doubt()
        self.project.extensions.append(extension)
        return extension

    def cythonized(self, node):
        if not node.args:
            raise Unknown
        items = self.value(node.args[0])
        for pattern in [items] if isinstance(items, str) else self.plain_items(items):
            if not isinstance(pattern, str):
                continue
            for path in self.globbed(pattern) or [pattern]:
                extension = Extension()
                extension.sources = [path]
                self.project.extensions.append(extension)
        return items

    def setup(self, node):
        self.called_setup = True
        for keyword in node.keywords:
            if keyword.arg == "cmdclass":
                classes = self.maybe(keyword.value)
                if not isinstance(classes, dict) or any("build" in str(name) for name in classes):
                    self.doubt()
            elif keyword.arg is None:
                more = self.maybe(keyword.value)
                if not isinstance(more, dict) or "cmdclass" in more:
                    self.doubt()
            elif keyword.arg in ("ext_modules", "libraries", "rust_extensions", "cffi_modules"):
                if keyword.arg != "ext_modules" or self.maybe(keyword.value) is Unknown:
                    self.doubt()
        return None

    # Statements

    def bind(self, target, item):
        if isinstance(target, ast.Name):
            self.env[target.id] = item
        elif isinstance(target, (ast.Tuple, ast.List)) and isinstance(item, (list, tuple)):
            for part, one in zip(target.elts, item):
                self.bind(part, one)
        elif isinstance(target, ast.Subscript):
            container, key = self.maybe(target.value), self.maybe(target.slice)
            if isinstance(container, dict) and isinstance(key, HARMLESS):
                container[key] = item
            elif isinstance(container, Extension):
                self.doubt()
        elif isinstance(target, ast.Attribute):
            if self.maybe(target.value) is not Unknown:
                self.doubt()
        else:
            for name in ast.walk(target):
                if isinstance(name, ast.Name):
                    self.env[name.id] = Unknown

    def run(self, body):
        """Whether the block ends early, and with what."""
        for statement in body:
            ended = self.statement(statement)
            if ended is not None:
                return ended
        return None

    def statement(self, node):
        if isinstance(node, ast.Assign):
            item = self.maybe(node.value)
            for target in node.targets:
                self.bind(target, item)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            self.bind(node.target, self.maybe(node.value))
        elif isinstance(node, ast.AugAssign):
            self.add_to(node)
        elif isinstance(node, ast.Expr):
            if self.maybe(node.value) is Unknown and isinstance(node.value, ast.Call):
                self.lost_change(node.value)
        elif isinstance(node, ast.If):
            test = self.maybe(node.test)
            if test is not Unknown:
                return self.run(node.body if test else node.orelse)
            before = len(self.project.extensions)
            self.run(node.body)
            self.run(node.orelse)
            if len(self.project.extensions) != before:
                self.doubt()
        elif isinstance(node, ast.For):
            items = self.maybe(node.iter)
            if isinstance(items, dict):
                items = list(items)
            known = isinstance(items, (list, tuple))
            for item in items[:1000] if known else [Unknown]:
                self.bind(node.target, item)
                self.run(node.body)
        elif isinstance(node, (ast.With, ast.Try)):
            self.run(node.body)
            for handler in getattr(node, "handlers", []):
                if any(isinstance(part, ast.Call) and "xtension" in ast.unparse(part.func) for part in ast.walk(handler)):
                    self.doubt()
            return self.run(getattr(node, "orelse", [])) or self.run(getattr(node, "finalbody", []))
        elif isinstance(node, ast.FunctionDef):
            self.functions[node.name] = node
        elif isinstance(node, ast.Return):
            return (Unknown if node.value is None else self.maybe(node.value),)
        return None

    def add_to(self, node):
        item = self.maybe(node.value)
        if not isinstance(node.target, ast.Name):
            if self.maybe(node.target) is not Unknown:
                self.doubt()
            return
        before = self.env.get(node.target.id, Unknown)
        if item is Unknown or before is Unknown or not isinstance(node.op, ast.Add):
            # What was there stays: half a list is worth more than none.
            if isinstance(before, (list, tuple)):
                self.doubt()
            else:
                self.env[node.target.id] = Unknown
        elif isinstance(before, list) and isinstance(item, (list, tuple)) and len(before) < MOST_ITEMS:
            before.extend(item)
        elif isinstance(before, str) and isinstance(item, str) and len(before) < MOST_ITEMS:
            self.env[node.target.id] = before + item
        elif isinstance(before, tuple) and isinstance(item, tuple) and len(before) < MOST_ITEMS:
            self.env[node.target.id] = before + item

    def lost_change(self, call):
        """`flags.append(find_it())`: something known is no longer whole."""
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("append", "extend", "insert", "update"):
            if self.maybe(call.func.value) is not Unknown or isinstance(call.func.value, ast.Attribute):
                self.doubt()

    def call(self, function, arguments):
        if self.depth > 8:
            raise Unknown
        outer, self.env = self.env, dict(self.env)
        names = [argument.arg for argument in function.args.args]
        for argument in names + [a.arg for a in function.args.kwonlyargs]:
            self.env[argument] = Unknown
        for name, default in zip(reversed(names), reversed(function.args.defaults)):
            self.env[name] = self.maybe(default)
        self.env.update(zip(names, arguments))
        self.depth += 1
        try:
            ended = self.run(function.body)
        finally:
            self.depth -= 1
            self.env = outer
        if ended is None:
            return None
        if ended[0] is Unknown:
            raise Unknown
        return ended[0]

    def read(self, tree):
        self.run(tree.body)
        if not self.project.extensions:
            # They are made in functions and classes that something else calls.
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef):
                    self.doubt()
                    try:
                        self.call(node, [])
                    except Unknown:
                        pass
        if not self.called_setup:
            self.doubt()


def text_of(path):
    try:
        if os.path.getsize(path) > LARGEST_FILE:
            return None
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def read_setup_py(project, content):
    reader = SetupReader(project)
    try:
        reader.read(ast.parse(content))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        project.whole = False


def read_pyproject(project, content):
    try:
        settings = tomllib.loads(content.decode())
    except (ValueError, RecursionError):
        project.whole = False
        return
    tool = settings.get("tool", {}).get("setuptools", {})
    if "build_ext" in str(tool.get("cmdclass", "")):
        project.whole = False
    for entry in tool.get("ext-modules", []):
        extension = Extension()
        extension.sources = [str(source) for source in entry.get("sources", [])]
        extension.include_dirs = [str(folder) for folder in entry.get("include-dirs", [])]
        extension.flags = macros(entry.get("define-macros", []))
        extension.flags += ["-U" + str(name) for name in entry.get("undef-macros", [])]
        extension.flags += [str(word) for word in entry.get("extra-compile-args", [])]
        project.extensions.append(extension)


def read_setup_cfg(project, content):
    settings = configparser.RawConfigParser()
    try:
        settings.read_string(content.decode())
    except (configparser.Error, ValueError):
        return
    split = re.compile(r"[,:\s]+").split
    if settings.has_option("build_ext", "include_dirs"):
        project.include_dirs += [f for f in split(settings.get("build_ext", "include_dirs")) if f]
    if settings.has_option("build_ext", "define"):
        project.flags += ["-D" + name for name in split(settings.get("build_ext", "define")) if name]


def standards(project, language, version, flags):
    """An older C++ than the compiler's own is what a project is content with, not what it wants."""
    project.whole = False
    number = re.search(r"\d\d$", version)
    if number and (language == "c" or 17 < int(number[0]) < 90):
        flags.append("-std=" + version)


def read_meson(project, content):
    text = content.decode(errors="replace")
    for option, language, flags in (("c_std", "c", project.c_flags), ("cpp_std", "c++", project.cxx_flags)):
        found = re.search(option + r"\s*=\s*([\w+]+)", text)
        standards(project, language, found[1] if found else "", flags)


def read_cmake(project, content):
    text = content.decode(errors="replace")
    for name, language, flags in (("C", "c", project.c_flags), ("CXX", "c++", project.cxx_flags)):
        found = re.search(rf"CMAKE_{name}_STANDARD\s+(\d+)|{name.lower()}_std_(\d+)", text)
        standards(project, language, f"gnu{language[1:]}{found[1] or found[2]}" if found else "", flags)


def installed_includes(project, content):
    """Headers of what the build asks for, where this Python has it installed."""
    try:
        wanted = tomllib.loads((content or b"").decode()).get("build-system", {}).get("requires", [])
    except ValueError:
        wanted = []
    names = {re.match(r"[\w.-]*", str(line))[0].replace("-", "_").lower() for line in wanted}
    for name in sorted(names | {"numpy", "pybind11", "nanobind", "cppy"}):
        for folder in site.getsitepackages():
            for inner in ("include", "_core/include", "core/include"):
                path = os.path.join(folder, name, inner)
                if name and os.path.isdir(path) and path not in project.flags:
                    project.flags += ["-idirafter", path]


READERS = {
    "setup.py": read_setup_py,
    "pyproject.toml": read_pyproject,
    "setup.cfg": read_setup_cfg,
    "meson.build": read_meson,
    "CMakeLists.txt": read_cmake,
}


def has_build_file(folder):
    return any(os.path.isfile(os.path.join(folder, name)) for name in BUILD_FILES)


def project_folders(root):
    """The root's own, those right below it (an unpacked archive), else the nearest above it within its repository."""
    folder = root if os.path.isdir(root) else os.path.dirname(root)
    if has_build_file(folder):
        return [folder]
    if os.path.isdir(root):
        below = [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if not name.startswith(".")]
        found = [path for path in below if os.path.isdir(path) and not os.path.islink(path) and has_build_file(path)]
        if found:
            return found
    for _ in range(6):
        if os.path.exists(os.path.join(folder, ".git")) or os.path.dirname(folder) == folder:
            break
        folder = os.path.dirname(folder)
        if has_build_file(folder):
            return [folder]
    return []


def main():
    projects = {}
    for root in sys.argv[1:]:
        for folder in project_folders(os.path.realpath(root)):
            if folder in projects:
                continue
            project = projects[folder] = Project(folder)
            for name, read in READERS.items():
                content = text_of(os.path.join(folder, name))
                if content is not None:
                    before = (len(project.extensions), list(project.flags), list(project.c_flags), list(project.cxx_flags))
                    read(project, content)
                    after = (len(project.extensions), project.flags, project.c_flags, project.cxx_flags)
                    if before != after or project.include_dirs:
                        project.read.append(name)
            installed_includes(project, text_of(os.path.join(folder, "pyproject.toml")))
    with open(3, "w") as answer:
        json.dump([projects[folder].as_json() for folder in sorted(projects)], answer)


main()
