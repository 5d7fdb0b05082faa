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


def load(name, path, by_path):
    """Imports `name`; the module, or None, is the second of the pair. Never raises."""
    result = {"ok": False, "chain": [], "refusals": [], "instead": ""}
    refusals.clear()
    module = None
    try:
        if by_path:
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


def exercise(module, path):
    """Cheap and safe uses of what the module offers, then the user's file: what raised (the same in main is no fault),
    and the number of uses."""
    raised = []
    calls = 0
    root = getattr(module, "__name__", "").partition(".")[0]

    def attempt(what, do):
        nonlocal calls
        calls += 1
        try:
            return do()
        except BaseException as error:
            raised.append(f"{what}: {type(error).__qualname__}")
            return None

    def own(kind):
        home = getattr(kind, "__module__", None)
        if not isinstance(home, str):
            return True
        return home.partition(".")[0] == root or home not in sys.modules

    def subclass(kind):
        sub = type("IsoauditProbe", (kind,), {})
        del sub

    def raise_and_catch(kind):
        try:
            raise kind("isoaudit")
        except kind:
            pass

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
        if isinstance(value, type) and own(value):
            attempt(f"subclass of {name}", lambda: subclass(value))
            if issubclass(value, BaseException):
                attempt(f"raise {name}", lambda: raise_and_catch(value))
        value = None
    if path:
        try:
            run_file(path, module)
        except BaseException as error:
            raised.append("exercise file: " + ", caused by ".join(": ".join(link) for link in explain(error)))
    gc.collect()
    return raised, calls


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
