class SetupReader(SetupValues):
    """The statements of a setup.py, one after the other, as far as their values are plain."""

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

    def lengths(self):
        lists = {name: len(item) for name, item in self.env.items() if isinstance(item, list)}
        return {"": len(self.project.extensions), **lists}

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
            before = self.lengths()
            self.run(node.body)
            self.run(node.orelse)
            # Flags for one system and for another are in one list now.
            if any(self.lengths().get(name) != length for name, length in before.items()):
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
