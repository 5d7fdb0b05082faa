"""What the import system of the interpreter that runs this makes of one hook of one file: one JSON line.

usage: PYTHON -I -S ask_import_system.py '{"level": …, "name": …, "symbol": …, "path": …, "roots": […], "before": […]}'

level   "own" or "strict": _imp.create_dynamic in a fresh interpreter with the extension check, with its own GIL or with
        the shared one; "hook": the hook is called in the main interpreter, and the type of what it returns is told.
name    of the module; its last component chooses the hook as in an import. "hook" calls `symbol` instead.
roots   folders for sys.path, of the main interpreter too: from 3.13 on that is where PyInit_ runs.
before  modules that the main interpreter imports first.

Always one answer a process, and the process ends without tearing down the interpreter: what a destructor does is no part
of the question. Only the standard library: it runs in every interpreter from 3.12 on.
"""

import json
import os
import sys

IN_INTERPRETER = """
import os, sys
sys.path[:0] = {roots!r}
import _imp, json
from importlib.machinery import ExtensionFileLoader
from importlib.util import spec_from_file_location
try:
    loader = ExtensionFileLoader({name!r}, {path!r})
    _imp.create_dynamic(spec_from_file_location({name!r}, {path!r}, loader=loader))
    answer = ["ok", ""]
except BaseException as error:
    answer = [type(error).__name__, str(error)]
os.write({answer_to}, json.dumps(answer).encode())
os._exit(0)
"""
# PyInterpreterConfig of an isolated interpreter, but for the GIL (3.12 takes the fields one by one).
ISOLATED = dict(
    use_main_obmalloc=False, allow_fork=False, allow_exec=False, allow_threads=True, allow_daemon_threads=False,
    check_multi_interp_extensions=True,
)


def run_in_interpreter(level, code):
    if sys.version_info >= (3, 13):
        import _interpreters

        config = _interpreters.new_config("isolated", gil={"own": "own", "strict": "shared"}[level])
        return _interpreters.exec(_interpreters.create(config), code)
    import _testcapi

    return _testcapi.run_in_subinterp_with_config(code, gil={"own": 2, "strict": 1}[level], **ISOLATED)


def call_hook(path, symbol):
    """The name of the type: "moduledef" is multi-phase, any other single-phase; "slots" for the array of an export hook."""
    import ctypes

    hook = getattr(ctypes.PyDLL(path), symbol)
    hook.restype = ctypes.c_void_p
    address = hook()
    if not address:
        return ["null", ""]
    if symbol.startswith("PyModExport"):
        return ["ok", "slots"]
    return ["ok", type(ctypes.cast(address, ctypes.py_object).value).__name__]


def main():
    question = json.loads(sys.argv[1])
    # Modules print; the answer has a channel of its own.
    answer_to = os.dup(1)
    os.dup2(2, 1)
    sys.path[:0] = question["roots"]
    for module in question["before"]:
        try:
            __import__(module)
        except BaseException as error:
            print(f"before: {module}: {type(error).__name__}: {error}", file=sys.stderr)
    try:
        if question["level"] == "hook":
            answer = call_hook(question["path"], question["symbol"])
        else:
            values = {key: question[key] for key in ("name", "path", "roots")}
            failure = run_in_interpreter(question["level"], IN_INTERPRETER.format(answer_to=answer_to, **values))
            answer = ["no answer", str(failure)]  # the code ends the process: not reached when it ran
    except BaseException as error:
        answer = [type(error).__name__, str(error)]
    os.write(answer_to, json.dumps(answer).encode())
    os._exit(0)


if __name__ == "__main__":
    main()
