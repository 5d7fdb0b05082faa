"""How the audited module comes in, and what the import system says about it.

One of the files of helper/, which run one after the other in one namespace, in every interpreter that loads the audited
module. They import nothing that an interpreter has not loaded by itself: a probe that brings modules along would hide
what the audited module needs. Results are plain lists, dicts and strings; the shared object writes them out as events.
"""

import _imp
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


def module_names():
    return set(sys.modules)
