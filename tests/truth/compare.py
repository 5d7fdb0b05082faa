"""Each hook of each file: what inspect claims against what the import system does."""

import collections
import concurrent.futures
import dataclasses
import hashlib
import pathlib
import re
import sys

import claims
from import_system import is_refusal

# A definition that every interpreter rejects before it asks what the module supports (3.12 to 3.15's words).
REJECTED = re.compile(
    r"uses unknown slot ID|invalid slot|has more than one '|has multiple |m_size may not be negative"
    r"|does not define Py_mod_abi"
)
NO_ANSWER = ("died", "timed out", "no answer")
# What a hook returned → its init; any other object is a finished module.
INIT_OF = {"moduledef": "multi-phase", "slots": "export-slots"}
INIT_FAILED = "failed to import from subinterpreter due to exception"

CATEGORIES = ("agree", "by siblings", "no evidence", "wrong", "undetermined")


@dataclasses.dataclass
class Row:
    corpus: str  # "lib-dynload", "forky", "pypi"
    python: str
    path: str  # relative to the corpus
    project: str
    symbol: str
    framework: str
    claim: str
    truth: str | None
    category: str
    words: str  # what stands behind the category, for people

    def __str__(self):
        where = f"{self.corpus} {self.python} {self.path} {self.symbol} ({self.framework})"
        return f"{where}: import system {self.truth or 'says nothing'}, inspect {self.claim}: {self.words}"


def truth_of(answers, name):
    """own, shared, refused, invalid; None when it fails for another reason before it is asked what it supports."""
    own, strict, hook = answers
    if own[0] == "ok":
        return "own"
    if is_refusal(own, name):
        if is_refusal(strict, name):
            return "refused"
        # Let in, whatever its create slot does then; its init function had passed in the other interpreter.
        return None if strict[0] in NO_ANSWER or INIT_FAILED in strict[1] else "shared"
    if own[0] == "SystemError" and REJECTED.search(own[1]):
        return "invalid"
    # A finished module object is single-phase init: no interpreter with the extension check takes it.
    return "refused" if hook not in (None, *INIT_OF) else None


def init_disagrees(entry, hook):
    """The hook was called and returned another kind."""
    if hook is None or entry["init"] == "undetermined":
        return False
    return INIT_OF.get(hook, "single-phase") != entry["init"]


def judge(claim, truth, entry, answers):
    said = " / ".join(": ".join(part for part in answer if part)[:160] for answer in answers[:2])
    if claim == "undetermined":
        return "undetermined", said
    if init_disagrees(entry, answers.hook):
        return "wrong", f"{entry['init']}, though the hook returned a {answers.hook}"
    if claim == "invalid" and truth is None and answers.hook is None:
        return "agree", "the hook fails in every interpreter, as inspect says"
    if truth is None:
        return "no evidence", said
    return ("agree" if claim == truth else "wrong"), said


class Corpus:
    """Modules below one folder, for one interpreter. `python` is what rows call that interpreter.

    `suffixes` are those of the files that count, where it is not everything that the interpreter imports.
    """

    def __init__(self, name, python, interpreter, folder, suffixes=None):
        self.name, self.python, self.interpreter, self.folder = name, python, interpreter, pathlib.Path(folder)
        self.suffixes = suffixes or interpreter.suffixes

    def files(self):
        """(path relative to the folder, dotted name) of what this interpreter imports from there."""
        found = []
        for path in sorted(self.folder.rglob("*.so")):
            suffix = self.interpreter.suffix_of(path)
            if suffix in self.suffixes and "." not in path.name[: -len(suffix)] and path.is_file():
                relative = path.relative_to(self.folder)
                found.append((str(relative), claims.dotted_name(relative, suffix)))
        return found

    def rows(self, isoaudit, pool):
        report = claims.inspect(isoaudit, self.folder, self.interpreter.program)
        modules = claims.modules_by_path(report, self.folder)
        compare = lambda file: self._rows_of(*file, modules.get(file[0]), report)  # noqa: E731
        rows = []
        for some in pool.map(compare, self.files()):
            rows += some
        return rows

    def _rows_of(self, relative, dotted, module, report):
        path = self.folder / relative
        hooks = claims.exported_hooks(path)
        # inspect's own digest would do, were it not under test.
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if hooks else ""
        entries = {entry["symbol"]: entry for entry in module["entry_points"]} if module else {}
        framework = module["framework"] if module else "none"
        project = pathlib.PurePath(relative).parts[0].partition(".")[0] if self.name != "lib-dynload" else "python"
        rows = []

        def add(symbol, claim, truth, category, words):
            row = Row(self.name, self.python, relative, project, symbol, framework, claim, truth, category, words)
            rows.append(row)

        for symbol in sorted(set(entries) - set(hooks)):
            add(symbol, "hook", "no hook", "wrong", "inspect names a hook that the file does not export")
        for symbol in hooks:
            if not claims.is_called(symbol, hooks, self.interpreter.minor):
                continue
            name = claims.module_name(symbol)
            name = dotted if name == dotted.rpartition(".")[2] else name
            answers = self.interpreter.answers(path, digest, name, symbol)
            truth = truth_of(answers, name)
            if symbol not in entries:
                why = "; ".join(claims.gap_reasons(report, path, symbol))
                unread = "undetermined" if why else "wrong"
                add(symbol, "no hook", truth, unread, why or "not in the report")
                continue
            entry = entries[symbol]
            claim = claims.answer_of(entry)
            category, words = judge(claim, truth, entry, answers)
            if category == "undetermined":
                words = entry["declares"].get("undetermined_reason") or "; ".join(claims.gap_reasons(report, path, symbol))
            add(symbol, claim, truth, category, words)
        return rows


def ask_siblings(rows):
    """Where the import system says nothing: do the same project's other modules, of the same framework, agree?"""
    decided = collections.defaultdict(set)
    for row in rows:
        if row.truth and row.category == "agree":
            decided[row.corpus, row.project, row.framework].add(row.truth)
    for row in rows:
        if row.category == "no evidence" and decided[row.corpus, row.project, row.framework] == {row.claim}:
            row.category = "by siblings"


def compare(corpora, isoaudit, jobs):
    rows = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for corpus in corpora:
            found = corpus.rows(isoaudit, pool)
            counts = collections.Counter(row.category for row in found)
            numbers = ", ".join(f"{counts[c]} {c}" for c in CATEGORIES if counts[c])
            print(f"{corpus.name} {corpus.python}: {len(found)} hooks: {numbers}", file=sys.stderr, flush=True)
            rows += found
    ask_siblings(rows)
    return rows


def print_table(rows, key, title):
    groups = collections.defaultdict(collections.Counter)
    for row in rows:
        groups[key(row)][row.category] += 1
        groups["all"][row.category] += 1
    print(f"{title:22}" + "".join(f"{c:>14}" for c in ("hooks", *CATEGORIES)) + f"{'determined':>14}")
    for group in [*sorted(set(groups) - {"all"}), "all"]:
        counts = groups[group]
        hooks = counts.total()
        share = 100 * (1 - counts["undetermined"] / hooks)
        print(f"{group:22}{hooks:>14}" + "".join(f"{counts[c]:>14}" for c in CATEGORIES) + f"{share:>12.1f} %")
    print()


def print_result(rows, least_determined):
    """The tables and every row that is not agreement; the exit status."""
    for category in CATEGORIES[1:]:
        for row in rows:
            if row.category == category:
                print(f"{category}: {row}")
    print()
    print_table(rows, lambda row: f"{row.corpus} {row.python}", "corpus")
    print_table(rows, lambda row: row.framework, "framework")
    wrong = sum(row.category == "wrong" for row in rows)
    undetermined = sum(row.category == "undetermined" for row in rows)
    determined = 100 * (1 - undetermined / len(rows)) if rows else 0
    agreed = sum(row.category == "agree" for row in rows)
    print(f"{len(rows)} hooks, {agreed} agree, {wrong} wrong, {determined:.1f} % determined")
    return 1 if wrong or determined < least_determined or not agreed else 0
