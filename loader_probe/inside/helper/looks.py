"""What an interpreter has, told by it itself.

One of the files of helper/, which run one after the other in one namespace, in every interpreter that loads the audited
module. They import nothing that an interpreter has not loaded by itself: a probe that brings modules along would hide
what the audited module needs. Results are plain lists, dicts and strings; the shared object writes them out as events.
"""

import gc
import sys

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
