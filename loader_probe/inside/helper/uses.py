"""What is done with a module once it is there.

One of the files of helper/, which run one after the other in one namespace, in every interpreter that loads the audited
module. They import nothing that an interpreter has not loaded by itself: a probe that brings modules along would hide
what the audited module needs. Results are plain lists, dicts and strings; the shared object writes them out as events.
"""

import _imp
import gc
import sys

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
