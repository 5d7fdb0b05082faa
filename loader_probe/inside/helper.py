"""What isoaudit's probe does in Python, in every interpreter that loads the audited module.

It imports nothing that an interpreter has not loaded by itself: a probe that brings modules along would hide what the
audited module needs. Results are plain lists, dicts and strings; the shared object writes them out as events.
"""

import _imp
import gc
import sys

# (module, file, text) of every compiled module whose creation raised ImportError, innermost first. The text alone
# would not say which module was meant: the message carries only the last component of some names.
refusals = []


def watch_creation():
    """Notes which spec a failed creation belongs to. For sub-interpreters: main refuses nothing."""

    def watched(create):
        def create_and_note(spec, *rest):
            try:
                return create(spec, *rest)
            except ImportError as error:
                refusals.append([spec.name, spec.origin or "", str(error)])
                raise

        return create_and_note

    _imp.create_dynamic = watched(_imp.create_dynamic)
    _imp.create_builtin = watched(_imp.create_builtin)


def meet_before_exec(name, meet):
    """Lets interpreters run the audited module's exec functions at the same moment."""

    def watched(execute):
        def meet_and_execute(module):
            if getattr(getattr(module, "__spec__", None), "name", None) == name:
                meet()
            return execute(module)

        return meet_and_execute

    _imp.exec_dynamic = watched(_imp.exec_dynamic)


def add_path(root):
    if root:
        sys.path.insert(0, root)


def explain(error):
    """[[type, text]] of an exception and of what caused it, outermost first."""
    chain = []
    seen = set()
    while error is not None and id(error) not in seen and len(chain) < 8:
        seen.add(id(error))
        kind = type(error)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        try:
            text = str(error)
        except BaseException:
            text = "(its text cannot be had)"
        chain.append([name, text[:2000]])
        error = error.__cause__ or error.__context__
    return chain


def same_file(one, other):
    import posix

    try:
        a, b = posix.stat(one), posix.stat(other)
    except (OSError, TypeError, ValueError):
        return False
    return (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino)


def spec_for(name, path):
    from _frozen_importlib import ModuleSpec
    from _frozen_importlib_external import ExtensionFileLoader

    spec = ModuleSpec(name, ExtensionFileLoader(name, path), origin=path)
    spec._set_fileattr = True
    return spec


def make_stubs(name, path):
    """Packages without their own code, so that a module can be loaded that its package does not come to."""
    folder = path
    for _ in range(name.count(".") + 1):
        name, folder = name.rpartition(".")[0], folder.rpartition("/")[0]
        if name and name not in sys.modules:
            package = type(sys)(name)
            package.__path__ = [folder]
            sys.modules[name] = package


def load(name, path, by_path, stubs):
    """Imports `name`; the module, or None, is the second of the pair. Never raises."""
    result = {"ok": False, "chain": [], "refusals": [], "instead": ""}
    refusals.clear()
    module = None
    try:
        if stubs:
            make_stubs(name, path)
        if by_path or stubs:
            from _frozen_importlib import module_from_spec

            spec = spec_for(name, path)
            module = module_from_spec(spec)
            spec.loader.exec_module(module)
            sys.modules[name] = module
        else:
            __import__(name)
            module = sys.modules[name]
            origin = getattr(getattr(module, "__spec__", None), "origin", None) or getattr(module, "__file__", None)
            if path is not None and origin is not None and not same_file(origin, path):
                result["instead"] = str(origin)
        result["ok"] = not result["instead"]
    except BaseException as error:
        result["chain"] = explain(error)
    result["refusals"] = list(refusals)
    return result, module


def declares(name, path):
    """Asks the import system about this one file, without its package and without running what it executes."""
    try:
        _imp.create_dynamic(spec_for(name, path))
    except BaseException as error:
        return explain(error)
    return []


def extension_modules(before):
    """[[name, origin]] of the compiled modules that are in sys.modules now and were not, in order of import."""
    suffixes = tuple(_imp.extension_suffixes())
    found = []
    for name, module in list(sys.modules.items()):
        if name in before:
            continue
        try:
            origin = getattr(getattr(module, "__spec__", None), "origin", None) or getattr(module, "__file__", None)
        except BaseException:
            continue
        if isinstance(origin, str) and (origin == "built-in" or origin.endswith(suffixes)):
            found.append([name, origin])
    return found


def allocated_blocks():
    gc.collect()
    return sys.getallocatedblocks()


HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE


def own_heap_types(module):
    """[(address, name)] of the heap types of the module's own package that this interpreter has made."""
    root = module.__name__.partition(".")[0]
    found = []
    for thing in gc.get_objects():
        if not issubclass(type(thing), type) or not type.__dict__["__flags__"].__get__(thing) & HEAP_TYPE:
            continue
        try:
            home = type.__dict__["__module__"].__get__(thing)
        except AttributeError:
            continue
        if isinstance(home, str) and home.partition(".")[0] == root:
            found.append((id(thing), f"{home}.{type.__dict__['__qualname__'].__get__(thing)}"))
    return found


def module_names():
    return set(sys.modules)


def run_file(path, module):
    """The user's own exercise: a script that finds the module as `module`, or a function exercise(module)."""
    import io

    with io.open_code(path) as file:
        source = file.read()
    names = {"__name__": "isoaudit_exercise", "__file__": path, "module": module}
    exec(compile(source, path, "exec"), names)
    if callable(names.get("exercise")):
        names["exercise"](module)


class Uses:
    """What is done with a module, how often, and what raised: "what: type of the exception"."""

    def __init__(self):
        self.raised = []
        self.count = 0

    def attempt(self, what, do):
        self.count += 1
        try:
            return do()
        except BaseException as error:
            self.raised.append(f"{what}: {type(error).__qualname__}")
            return None


def raise_and_catch(kind):
    """In its own interpreter an exception is caught by its class."""
    try:
        raise kind("isoaudit")
    except kind:
        pass


def make_subclass(kind):
    type("IsoauditProbe", (kind,), {})


def make_instances(uses, name, kind):
    """Makes and drops a few; two at once, so that a free list is used in both directions."""
    first = uses.attempt(f"{name}()", kind)
    if first is None:
        return
    second = uses.attempt(f"second {name}()", kind)
    if not isinstance(second, kind):
        uses.raised.append(f"{name}() is another type's")
    uses.attempt(f"repr({name}())", lambda: repr(first))
    uses.attempt(f"hash({name}())", lambda: hash(first))
    uses.attempt(f"{name}() == {name}()", lambda: first == second)
    first = second = None
    uses.attempt(f"{name}()", kind)


def import_again(uses, module, types):
    """A second module object of the same file, as tests and reloaders make them. What was made of the first one goes on
    being the first one's."""
    spec = getattr(module, "__spec__", None)
    origin = getattr(spec, "origin", None)
    if not isinstance(origin, str) or not origin.endswith(tuple(_imp.extension_suffixes())):
        return
    from _frozen_importlib import module_from_spec

    def load_again():
        fresh = spec_for(spec.name, origin)
        again = module_from_spec(fresh)
        fresh.loader.exec_module(again)
        return again

    before = {name: value for name, value in types.items() if vars(module).get(name) is value}
    again = uses.attempt("import again", load_again)
    for name, kind in before.items() if again is not None and again is not module else ():
        other = vars(again).get(name)
        if not isinstance(other, type):
            continue
        uses.attempt(f"{name} of both modules", lambda: issubclass(other, kind))
        if issubclass(kind, BaseException):
            uses.attempt(f"raise {name} after the second import", lambda: raise_and_catch(kind))
            uses.attempt(f"raise {name} of the second import", lambda: raise_and_catch(other))


def exercise(module, path, makes_instances, imports_again):
    """Cheap and safe uses of what the module offers, then the user's file: what raised (the same in main is no fault),
    and the number of uses. Functions are not called: nobody knows what they do."""
    uses = Uses()
    attempt = uses.attempt
    root = getattr(module, "__name__", "").partition(".")[0]

    def own(kind):
        home = getattr(kind, "__module__", None)
        if not isinstance(home, str):
            return True
        return home.partition(".")[0] == root or home not in sys.modules

    types = {}
    names = attempt("dir(module)", lambda: sorted(n for n in dir(module) if isinstance(n, str))) or []
    for name in names:
        if name.startswith("__"):
            continue
        value = attempt(f"{name}", lambda: getattr(module, name))
        if value is None or isinstance(value, type(sys)):
            continue
        attempt(f"repr({name})", lambda: repr(value))
        attempt(f"str({name})", lambda: str(value))
        attempt(f"dir({name})", lambda: dir(value))
        attempt(f"hash({name})", lambda: hash(value))
        attempt(f"{name} == {name}", lambda: value == value)
        if isinstance(value, type) and own(value):
            types[name] = value
            attempt(f"subclass of {name}", lambda: make_subclass(value))
            if issubclass(value, BaseException):
                attempt(f"raise {name}", lambda: raise_and_catch(value))
            elif makes_instances:
                make_instances(uses, name, value)
        elif makes_instances and own(type(value)) and not callable(value):
            attempt(f"pickling {name}", lambda: value.__reduce_ex__(4))
        value = None
    if imports_again:
        import_again(uses, module, types)
    types = None
    if path:
        try:
            run_file(path, module)
        except BaseException as error:
            uses.raised.append("exercise file: " + ", caused by ".join(": ".join(link) for link in explain(error)))
    gc.collect()
    return uses.raised, uses.count


def reference_counts(module):
    return {name: sys.getrefcount(value) for name, value in list(vars(module).items()) if isinstance(name, str)}


def count_references(module):
    """While this interpreter rests nothing moves them, unless the collector comes by: it is stopped until the second
    look."""
    enabled = gc.isenabled()
    gc.disable()
    reference_counts(module)  # what the first run of a function changes, the second does not
    return [enabled, reference_counts(module)]


def moved_references(module, noted):
    enabled, before = noted
    after = reference_counts(module)
    if enabled:
        gc.enable()
    return [
        f"`{module.__name__}.{name}`: {count} references before, {after[name]} after"
        for name, count in before.items()
        if name in after and after[name] != count
    ]


# What an isolated interpreter refuses to everybody, in CPython's own words: a test that needs it says nothing about the
# module that it tests.
REFUSED_BY_PYTHON = (
    "fork not supported for isolated subinterpreters",
    "exec not supported for isolated subinterpreters",
    "daemon threads are disabled in this",
    "signal only works in main thread of the main interpreter",
    "does not support loading in subinterpreters",
    "set_wakeup_fd only works in main thread of the main interpreter",
)


def run_tests(files, root):
    """Runs test files under pytest: what failed (the same in main is no fault), and a sentence on what ran."""
    try:
        import pytest
    except BaseException as error:
        return [], "not run: " + ": ".join(explain(error)[0])
    failed = {}
    counts = {"passed": 0, "failed": 0, "skipped": 0, "not for isolated interpreters": 0}

    class Recorder:
        def pytest_runtest_logreport(self, report):
            if report.skipped:
                counts["skipped"] += 1
            elif report.failed:
                self.note(report.nodeid, report)
            elif report.when == "call":
                counts["passed"] += 1

        def pytest_collectreport(self, report):
            if report.failed:
                self.note(report.nodeid, report)

        def note(self, name, report):
            text = str(report.longrepr)
            if any(words in text for words in REFUSED_BY_PYTHON):
                counts["not for isolated interpreters"] += 1
            elif name not in failed:
                counts["failed"] += 1
                message = getattr(getattr(report.longrepr, "reprcrash", None), "message", text)
                failed[name] = message.strip().partition("\n")[0][:200]

    try:
        # The environment is the whole process's: pytest writes to it for each test, and would be taken for the module.
        import _pytest.runner

        _pytest.runner._update_current_test_var = lambda *_: None
    except (ImportError, AttributeError):
        pass
    options = ["--continue-on-collection-errors", "--capture=sys", "--assert=plain", "-W", "ignore"]
    options += ["--rootdir", root, "-c", "/dev/null"]
    for plugin in ("cacheprovider", "faulthandler", "terminal", "junitxml", "pastebin", "logging"):
        options += ["-p", "no:" + plugin]
    main = pytest.main
    ended = main([*options, *files], [Recorder()])
    if not any(counts.values()) and ended != 5:
        # A conftest.py that needs what is not installed keeps all tests from running: some need nothing of it.
        ended = main([*options, "--noconftest", *files], [Recorder()])
    told = ", ".join(f"{number} {what}" for what, number in counts.items() if number)
    told = told or f"none ran (pytest ended with {int(ended)})"
    shown = sorted(f"test {name}: {text}" for name, text in failed.items())
    gc.collect()
    return shown[:50], told


def attribute_name(thing, module):
    """"demo.Error" where the module offers it and it is no other module's; else empty."""
    home = getattr(thing, "__module__", None)
    if isinstance(home, str) and home != module.__name__ and home in sys.modules:
        return ""
    for name, value in list(vars(module).items()):
        if value is thing and isinstance(name, str) and not name.startswith("__"):
            return f"{module.__name__}.{name}"
    return ""


def is_modules_own(thing, module):
    if thing is module:
        return True
    kind = thing if issubclass(type(thing), type) else type(thing)
    try:
        home = type.__dict__["__module__"].__get__(kind)
    except AttributeError:
        return False
    return isinstance(home, str) and home.partition(".")[0] == module.__name__.partition(".")[0]


def describe(thing):
    """[type, text, is type, is exception class, is module, bytes]: kind and name, never contents."""
    kind = type(thing)

    def full_name(which):
        name = type.__dict__["__qualname__"].__get__(which)
        try:
            home = type.__dict__["__module__"].__get__(which)
        except AttributeError:
            home = ""
        return name if home in ("builtins", "", None) or not isinstance(home, str) else f"{home}.{name}"

    type_name = full_name(kind)
    is_type = issubclass(kind, type)
    is_exception = is_type and issubclass(thing, BaseException)
    is_module = issubclass(kind, type(sys))
    text = type_name
    if is_type:
        text = f"{'exception class' if is_exception else 'type'} '{full_name(thing)}'"
    elif is_module or kind in (type(describe), type(len)):
        name = getattr(thing, "__name__", "")
        text = f"{type_name} '{name}'" if isinstance(name, str) else type_name
    return [type_name, text[:300], is_type, is_exception, is_module, kind.__basicsize__]
