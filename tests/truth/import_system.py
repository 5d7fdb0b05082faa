"""The truth: what the import system says about a hook, asked in fresh processes. Answers are kept, keyed by the bytes."""

import collections
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading

ASK = pathlib.Path(__file__).parent / "ask_import_system.py"
TIMEOUT = 60  # seconds for one answer
REFUSAL = "does not support loading in subinterpreters"

# own, strict: (exception type or "ok", text); hook: the type of what the hook returned in main ("slots" for an export
# hook), or None: it failed there too.
Answers = collections.namedtuple("Answers", "own strict hook")


def is_refusal(answer, name):
    """The module itself is refused, not one that it imports: CPython names the spec or its last component."""
    kind, text = answer
    return kind == "ImportError" and text in (f"module {n} {REFUSAL}" for n in (name, name.rpartition(".")[2]))


def is_decisive(answer, name):
    return answer[0] == "ok" or is_refusal(answer, name)


def last_line(text):
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""


class Interpreter:
    """One CPython with the folders that its modules import from. `kept` is a folder for answers, or None."""

    def __init__(self, program, roots, kept):
        self.program = pathlib.Path(program)
        self.roots = [str(root) for root in roots]
        code = "import sys, sysconfig; print(sys.version); print(sysconfig.get_config_var('EXT_SUFFIX'))"
        code += "; import _imp; print(*_imp.extension_suffixes()); print(sysconfig.get_path('platstdlib'))"
        asked = subprocess.run([program, "-I", "-c", code], stdout=subprocess.PIPE, text=True, check=True)
        *version, _, suffixes, stdlib = asked.stdout.splitlines()
        self.version = " ".join(version)
        self.minor = int(self.version.split(".")[1])
        self.suffixes = suffixes.split()
        self.modules = pathlib.Path(stdlib) / "lib-dynload"
        self._lock = threading.Lock()
        self._answers, self._file = {}, None
        if kept:
            asker = hashlib.sha256(ASK.read_bytes()).hexdigest()
            key = json.dumps([str(self.program), self.version, self.roots, asker])
            self._file = pathlib.Path(kept) / (hashlib.sha256(key.encode()).hexdigest()[:16] + ".jsonl")
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._read_kept()

    def _read_kept(self):
        if not self._file.exists():
            return
        for line in self._file.read_text().splitlines():
            try:
                key, answer = json.loads(line)
            except ValueError:
                continue  # the last line of an interrupted run
            self._answers[tuple(key)] = answer

    def _keep(self, key, answer):
        with self._lock:
            self._answers[key] = answer
            if self._file:
                with open(self._file, "a") as file:
                    file.write(json.dumps([key, answer]) + "\n")

    def suffix_of(self, path):
        """Of the longest suffix that this interpreter imports, or None: it would not import this file."""
        return next((s for s in sorted(self.suffixes, key=len, reverse=True) if path.name.endswith(s)), None)

    def _ask(self, digest, question):
        key = (digest, question["level"], question["name"], question["symbol"], " ".join(question["before"]))
        if key not in self._answers:
            self._keep(key, self._run(question))
        return tuple(self._answers[key])

    def _run(self, question):
        with tempfile.TemporaryDirectory(prefix="isoaudit-truth-") as folder:
            # Nobody's configuration, no display, one thread for each library: two askers share the machine.
            environment = {"HOME": folder, "TMPDIR": folder, "PATH": os.defpath, "LC_ALL": "C.UTF-8"}
            environment |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
            command = [self.program, "-I", "-S", ASK, json.dumps({**question, "roots": self.roots})]
            try:
                done = subprocess.run(
                    command, cwd=folder, env=environment, timeout=TIMEOUT, stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                )
            except subprocess.TimeoutExpired:
                return ["timed out", f"{TIMEOUT} s"]
        try:
            return json.loads(done.stdout)
        except ValueError:
            died = signal.Signals(-done.returncode).name if done.returncode < 0 else f"exit {done.returncode}"
            return ["died", f"{died}: {last_line(done.stderr.decode(errors='replace'))}"]

    def answers(self, path, digest, name, symbol):
        """Asked again with the parent packages, then with the module itself imported in main, while it fails otherwise.

        Neither changes what is asked: the module is created anew, or its definition is taken from main's cache, and both
        ways the interpreter checks what it declares.
        """
        parents = [name.rpartition(".")[0]] if "." in name else []
        question = {"path": str(path), "name": name, "symbol": symbol, "before": []}
        found = {}
        for before in dict.fromkeys(((), tuple(parents), (*parents, name))):
            for level in ("own", "strict"):
                if level not in found or not is_decisive(found[level], name):
                    answer = self._ask(digest, {**question, "level": level, "before": list(before)})
                    if level not in found or is_decisive(answer, name):
                        found[level] = answer
            if all(is_decisive(answer, name) for answer in found.values()):
                break
        for before in dict.fromkeys(((), tuple(parents))):
            kind, text = self._ask(digest, {**question, "level": "hook", "before": list(before)})
            if kind == "ok":
                break
        return Answers(found["own"], found["strict"], text if kind == "ok" else None)
