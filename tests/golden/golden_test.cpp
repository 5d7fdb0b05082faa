// One hand-built report, one golden for each format. To accept a change: ISOAUDIT_UPDATE_GOLDEN=1 golden_tests, then
// read the difference.
#include <gtest/gtest.h>

#include <algorithm>

#include "reports/gap_lines.h"
#include "reports/render.h"
#include "tests/golden/golden_file.h"

namespace isoaudit::reports {
namespace {

using namespace model;

Phase phase(Level level, Outcome outcome, std::string detail) {
  Phase p;
  p.level = level;
  p.outcome = outcome;
  p.detail = std::move(detail);
  p.seconds = 0.0123;
  return p;
}

GlobalVariable global(std::string name, std::uint64_t offset, GlobalKind kind, GlobalWriter writer) {
  GlobalVariable g;
  g.name = std::move(name);
  g.section = ".bss";
  g.offset = offset;
  g.size = 8;
  g.kind = kind;
  g.writers = {std::move(writer)};
  g.readers = 2;
  return g;
}

CodeReport code() {
  CodeReport report;
  report.read = true;
  report.bytes = 2048;
  GlobalWriter exec{"set_up", {RunsWhen::exec}, "Py_mod_exec → set_up()", "result of PyDict_New()", "", false, {}};
  GlobalWriter count{"lookup", {RunsWhen::call},      "method `lookup`", "old value, changed", "",
                     true,     {"_cache.c", 7, 3, ""}};
  report.globals = {global("cache", 0x10, GlobalKind::object, exec), global("", 0x18, GlobalKind::counter, count)};
  report.globals[0].declared_type = "PyObject *";
  report.globals[0].writers.push_back(
      {"clear", {RunsWhen::call, RunsWhen::finalise}, "", "0x0", "PyMutex_Lock", false, {}});
  report.globals[1].explained = "every write is guarded (an atomic instruction)";
  for (int i = 0; i < 6; ++i) {
    report.globals.push_back(
        global("__pyx_n_s_" + std::to_string(i), 0x20 + 8 * static_cast<std::uint64_t>(i), GlobalKind::string,
               {"__Pyx_InitStrings", {}, "", "result of PyUnicode_InternFromString()", "", false, {}}));
    report.globals.back().generator = "cython";
  }
  return report;
}

Report sample() {
  Report report;
  report.tool_version = "VERSION";
  Interpreter python;
  python.version = {3, 14};
  python.id = "3.14";
  python.full_version = "3.14.8";
  python.executable = "python3.14";
  report.pythons = {python};

  ModuleReport unsafe;
  unsafe.name = "demo._cache";
  unsafe.path = "demo/_cache.so";
  unsafe.sha256 = std::string(64, 'a');
  unsafe.compiled = true;
  unsafe.arch = "x86_64";
  unsafe.footprint = {4096, 512, 8, 2, true};
  EntryPoint entry{"PyInit__cache", "_cache", Init::multi_phase, {}};
  entry.declares.multiple_interpreters = MultipleInterpreters::per_interpreter_gil;
  entry.declares.gil = GilUse::absent;
  entry.declares.state_size = 0;
  unsafe.entry_points = {entry};
  unsafe.declares = entry.declares;
  Verdict verdict{"3.14", VerdictKind::unsafe, "`cache` holds a dict", {}, false, {}};
  verdict.phases = {phase(Level::main, Outcome::ok, ""), phase(Level::isolated, Outcome::ok, "")};
  verdict.phases[1].interpreters = 1;
  verdict.phases[1].rounds = 1;
  verdict.phases[1].imports = 1;
  unsafe.verdicts = {verdict};
  unsafe.code = code();

  ModuleReport refused = unsafe;
  refused.name = "demo._old";
  refused.path = "demo/_old.so";
  refused.framework = Framework::cython;
  refused.framework_version = "3.1.6";
  refused.declares = {};
  refused.declares.undetermined_reason = "its slots are filled at run time";
  refused.entry_points = {{"PyInit__old", "_old", Init::single_phase, refused.declares}};
  refused.verdicts = {{"3.14", VerdictKind::refused, "single-phase init", {}, false, {}}};
  refused.code = CodeReport{false, "--no-code", 0, {}};

  ModuleReport source;
  source.name = "plain";
  source.path = "plain.c";
  source.entry_points = {{"PyInit_plain", "plain", Init::multi_phase, {}}};
  report.modules = {unsafe, refused, source};

  Finding joined;
  joined.rule = "global-pyobject-cache";
  joined.severity = Severity::blocker;
  joined.status = Status::confirmed;
  joined.subject = {"cache", "cache", "demo/_cache.c", ".bss+0x10"};
  joined.module = "demo._cache";
  joined.where = {"demo/_cache.c", 12, 18, ""};
  joined.message = "`cache` (PyObject *, static) holds Python objects of one interpreter";
  joined.fix = "move `cache` into the module state (m_size)";
  joined.because = {
      {EvidenceKind::source, "exec() stores the result of PyDict_New()", {"demo/_cache.c", 40, 3, "exec"}},
      {EvidenceKind::binary, "`cache` is in .bss", {}},
      {EvidenceKind::runtime, "Python 3.14 (isolated): `cache` holds a dict of interpreter 2", {}}};
  joined.fingerprint = "0123456789abcdef";
  report.findings = {joined};
  for (int i = 0; i < 7; ++i) {
    Finding nameless = joined;
    nameless.severity = Severity::hazard;
    nameless.where = {"demo/_old.so", 0, 0, ""};
    nameless.subject = {"", "", "", ".bss+0x" + std::to_string(i)};
    nameless.module = "demo._old";
    nameless.message = "`" + nameless.subject.address + "` holds Python objects of one interpreter";
    nameless.fix.clear();
    nameless.pythons = {"3.14"};
    nameless.because = {{EvidenceKind::runtime, "Python 3.14 (forced): holds a str", {}}};
    report.findings.push_back(nameless);
  }
  for (unsigned i = 0; i < 6; ++i) {
    Finding row = joined;
    const std::string name = "row_" + std::to_string(i);
    row.rule = "static-instance";
    row.severity = Severity::hazard;
    row.status = Status::likely;
    row.subject = {name, name, "demo/_cache.c", ""};
    row.where = {"demo/_cache.c", 60 + i, 20, ""};
    row.message = "`" + name + "` (DemoRow, static) is one Python object for all interpreters";
    row.fix = "make `" + name + "` in the exec function and keep it in the module state";
    row.fix_of_many = "make them in the exec function and keep them in the module state";
    row.because = {{EvidenceKind::source, "defined as `DemoRow " + name + "`", row.where}};
    row.fingerprint = "00000000000000" + std::to_string(10 + i);
    report.findings.push_back(row);
  }
  Finding generated = joined;
  generated.rule = "static-type-object";
  generated.severity = Severity::hazard;
  generated.status = Status::confirmed;
  generated.subject = {"code of cython", "", "demo/_fast.c", ""};
  generated.where = {"demo/_fast.c", 700, 3, ""};
  generated.generator = "cython";
  generated.message = "what cython generates breaks 2 rules: non-object-mutable-static, static-type-object";
  generated.fix = "compile with a directive";
  generated.because = {{EvidenceKind::source, "`__pyx_a`, `__pyx_b`", generated.where},
                       {EvidenceKind::runtime, "Python 3.14 (forced): `__pyx_a` holds a dict of interpreter 1", {}},
                       {EvidenceKind::runtime, "Python 3.14 (forced): `__pyx_b` holds a dict of interpreter 1", {}},
                       {EvidenceKind::source, "`__pyx_c`, `__pyx_d`", {"demo/_fast.c", 800, 3, ""}}};
  generated.parts = {{generated.rule,
                      generated.severity,
                      generated.status,
                      generated.where,
                      "2 of the statics that cython generates here: each is shared",
                      {generated.because.begin(), generated.because.begin() + 3}},
                     {"non-object-mutable-static",
                      Severity::advice,
                      Status::possible,
                      generated.because[3].where,
                      "2 of the statics that cython generates here: each is mutable",
                      {generated.because[3]}}};
  generated.fingerprint = "aaaaaaaaaaaaaaaa";
  report.findings.push_back(generated);
  report.gaps = {{"demo/broken.so", "not an ELF file: it is empty"}};
  report.notes = {"the modules ran without a sandbox: bubblewrap is not installed"};
  return report;
}

class Golden : public testing::TestWithParam<Format> {};

TEST_P(Golden, RendersAsReviewed) {
  const Format format = GetParam();
  expect_golden("basic." + std::string(format.name), format.render(sample(), {.globals = true}));
}

INSTANTIATE_TEST_SUITE_P(Formats, Golden, testing::ValuesIn(formats().begin(), formats().end()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Text, ColoursOnlyWhereAskedFor) {
  EXPECT_EQ(render_text(sample(), {}).find('\033'), std::string::npos);
  EXPECT_NE(render_text(sample(), {.color = true}).find('\033'), std::string::npos);
}

TEST(Text, VerboseHidesNothing) {
  const std::string text = render_text(sample(), {.verbose = true});
  for (int i = 0; i < 7; ++i) EXPECT_NE(text.find(".bss+0x" + std::to_string(i)), std::string::npos) << i;
}

/// One finding in a compiled module, whatever it is about.
model::Finding in_a_module(const std::string& rule, const std::string& message, const std::string& fix) {
  model::Finding finding;
  finding.rule = rule;
  finding.module = "demo";
  finding.where.file = "demo.so";
  finding.message = message;
  finding.fix = fix;
  finding.because = {{model::EvidenceKind::binary, "the module imports it", {}}};
  return finding;
}

TEST(Text, EachOfAGroupHasItsOwnWordsAndWhatIsRepeatedIsSaidOnce) {
  Report report;
  report.findings = {in_a_module("locale", "`setlocale` changes it", "use uselocale(); drop `setlocale`"),
                     in_a_module("locale", "`localeconv` reads it", "drop `localeconv`"),
                     in_a_module("signals-timers", "`signal` sets a handler", "use uselocale(); drop them")};
  EXPECT_EQ(render_text(report, {}),
            "\ndemo: hazard [locale] 2 places:\n"
            "    binary:  `setlocale` changes it\n"
            "    binary:  `localeconv` reads it\n"
            "    fix:     use uselocale(); drop them\n"
            "demo: hazard [signals-timers] `signal` sets a handler\n"
            "    binary:  the module imports it\n"
            "    fix:     as for [locale]\n"
            "\n0 modules; 0 blockers, 3 hazards, 0 advice; 0 gaps\n");
}

/// A line of the generator's own library is a place in each module that it goes into.
TEST(Text, OneLineInManyModulesIsSaidOnce) {
  Report report;
  for (const char* module : {"a", "b", "c"}) {
    model::Finding finding = in_a_module(
        "pygilstate", "`Ensure` enters, in code added to `" + std::string(module) + "`", "nothing to change");
    finding.module = module;
    finding.where = {"View.MemoryView", 34, 0, ""};
    finding.severity = Severity::advice;
    finding.subject.name = "Ensure";
    finding.generator = "cython";
    report.findings.push_back(finding);
  }
  EXPECT_EQ(render_text(report, {}),
            "\nView.MemoryView: what cython generates:\n"
            "    34: advice [pygilstate] `Ensure` enters, in code added to `a`, and to 2 more modules\n"
            "    fix:     nothing to change\n"
            "\n0 modules; 0 blockers, 0 hazards, 3 advice; 0 gaps\n");
}

TEST(Text, GlobalsOnlyWhereAskedFor) {
  EXPECT_EQ(render_text(sample(), {}).find("set_up"), std::string::npos);
  const std::string all = render_text(sample(), {.verbose = true, .globals = true});
  for (int i = 0; i < 6; ++i) EXPECT_NE(all.find("__pyx_n_s_" + std::to_string(i)), std::string::npos) << i;
  EXPECT_NE(all.find("Py_mod_exec → set_up()"), std::string::npos);
}

TEST(Json, BytesThatAreNoUtf8DoNotEndTheReport) {
  Report report = sample();
  report.findings[0].message = "\xff\xfe";
  EXPECT_NE(render_json(report, {}).find("isoaudit-report/1"), std::string::npos);
}

// Hundreds of units may lack one header: that is one thing to mend.
TEST(GapLines, ManyUnitsWithoutOneHeaderAreOneLine) {
  std::vector<Gap> gaps;
  for (const char* unit : {"a.c", "b.c", "c.c", "d.c", "e.c"}) {
    gaps.push_back(
        {unit, std::string("does not compile: ") + unit + ":3: 'far/away.h' file not found (and 7 more errors)"});
  }
  gaps.push_back({"f.c", "does not compile: f.c:1: 'other.h' file not found"});
  EXPECT_EQ(gap_lines(gaps, false),
            "  a.c, b.c, c.c and 2 more (-v): do not compile: 'far/away.h' file not found\n"
            "  f.c: does not compile: f.c:1: 'other.h' file not found\n");
  const std::string all = gap_lines(gaps, true);
  EXPECT_EQ(std::ranges::count(all, '\n'), 6);
  gaps.resize(4);
  EXPECT_EQ(gap_lines(gaps, false), gap_lines(gaps, true));
}

TEST(GapLines, HeadersOfOneLibraryAreMissingTogether) {
  std::vector<Gap> gaps;
  for (const char* header : {"far/away.h", "far/b.h", "far/c.h", "far/away.h", "far/sub/d.h"}) {
    gaps.push_back(
        {std::string(header) + ".c", std::string("does not compile: x.c:3: '") + header + "' file not found"});
  }
  EXPECT_EQ(gap_lines(gaps, false),
            "  far/away.h.c, far/b.h.c, far/c.h.c and 2 more (-v): do not compile: 'far/away.h' and 3 more headers of "
            "far/ not found\n");
}

TEST(GapLines, ManyUnitsThatMeetOneErrorFirstAreOneLine) {
  std::vector<Gap> gaps;
  for (const char* unit : {"a.c", "b.c", "c.c", "d.c", "e.c"}) {
    gaps.push_back({unit, "does not compile: setup.h:205: redefinition of 'timeval' (and " + std::string(1, *unit) +
                              "7 more errors)"});
  }
  gaps[1].reason = "does not compile: setup.h:205: redefinition of 'timeval'";
  EXPECT_EQ(gap_lines(gaps, false),
            "  a.c, b.c, c.c and 2 more (-v): do not compile: setup.h:205: redefinition of 'timeval'\n");
}

}  // namespace
}  // namespace isoaudit::reports
