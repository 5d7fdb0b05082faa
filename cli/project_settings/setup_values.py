class SetupValues:
    """The expressions of a setup.py as far as their values are plain; what its statements do, SetupReader knows."""

    def __init__(self, project):
        self.project = project
        self.steps = 0
        self.depth = 0
        self.functions = {}
        self.called_setup = False
        self.env = {"__file__": "setup.py", "__name__": "__main__"}

    def doubt(self):
        self.project.whole = False

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
            "platform.uname().system": platform.system(), "platform.uname().machine": platform.machine(),
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
