#include "rules/join.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "rules/judge.h"
#include "rules/link_units.h"
#include "rules/variables.h"
#include "tests/unit/hand_made.h"

namespace isoaudit::rules {
namespace {

using namespace hand_made;
using model::EvidenceKind;
using model::Finding;

Finding from(EvidenceKind kind, std::string rule, const std::string& name, std::string unit = "") {
  Finding finding;
  finding.rule = std::move(rule);
  finding.subject = {name, name, std::move(unit), kind == EvidenceKind::source ? "" : ".bss+0x10"};
  finding.module = "pkg.demo";
  finding.status = kind == EvidenceKind::runtime ? model::Status::confirmed : model::Status::likely;
  finding.message = "m";
  finding.because = {{kind, "because", {}}};
  if (kind == EvidenceKind::source) finding.where = {"demo.c", 5, 1, ""};
  return finding;
}

TEST(Join, SourceBinaryAndRunOfOneVariableAreOneFinding) {
  auto binary_row = from(EvidenceKind::binary, "global-pyobject-cache", "cache");
  const auto joined = join({from(EvidenceKind::runtime, "global-heap-type-pointer", "cache"), binary_row,
                            from(EvidenceKind::source, "global-exception", "cache", "src/demo.c")});
  ASSERT_EQ(joined.size(), 1U);
  EXPECT_EQ(joined[0].rule, "global-exception");
  EXPECT_EQ(joined[0].where.line, 5U);
  EXPECT_EQ(joined[0].status, model::Status::confirmed);
  EXPECT_EQ(joined[0].because.size(), 3U);
}

TEST(Join, WhatAStaticTypesMembersHoldIsPartOfTheType) {
  const auto joined = join({from(EvidenceKind::runtime, "global-pyobject-cache", "Thing_Type"),
                            from(EvidenceKind::runtime, "static-type-object", "Thing_Type"),
                            from(EvidenceKind::binary, "static-type-object", "Thing_Type")});
  ASSERT_EQ(joined.size(), 1U);
  EXPECT_EQ(joined[0].rule, "static-type-object");
}

TEST(Join, ModulesAndUnitsStayApart) {
  auto other_module = from(EvidenceKind::runtime, "global-pyobject-cache", "cache");
  other_module.module = "pkg.other";
  EXPECT_EQ(join({from(EvidenceKind::source, "global-pyobject-cache", "cache", "a.c"), other_module}).size(), 2U);

  auto other_unit = from(EvidenceKind::runtime, "global-pyobject-cache", "cache", "b.c");
  EXPECT_EQ(join({from(EvidenceKind::source, "global-pyobject-cache", "cache", "a.c"), other_unit}).size(), 2U);
}

// mypyc puts a static `parser` into each of twelve thousand functions of one module: to compare each with all others
// takes half a minute.
TEST(Join, StaticsOfOneNameInManyFunctionsStayApart) {
  constexpr std::size_t functions = 20'000;
  std::vector<Finding> findings;
  for (std::size_t i = 0; i < functions; ++i) {
    auto parser = from(EvidenceKind::code, "non-object-mutable-static", "parser");
    parser.subject.linkage_name = fmt::format("f{}.parser", i);
    parser.subject.address = fmt::format(".data+{}", i);
    findings.push_back(parser);
  }
  auto of_one = from(EvidenceKind::binary, "non-object-mutable-static", "parser");
  of_one.subject.linkage_name = "f7.parser";
  of_one.subject.address.clear();
  findings.push_back(of_one);
  const auto joined = join(findings);
  ASSERT_EQ(joined.size(), functions);
  EXPECT_EQ(joined[7].because.size(), 2U);
  EXPECT_EQ(joined[8].because.size(), 1U);

  // Whoever does not know the linker's name can mean any of them.
  auto nameless = of_one;
  nameless.subject.linkage_name.clear();
  const auto with_all = join({findings[7], findings[8], nameless});
  ASSERT_EQ(with_all.size(), 2U);
  EXPECT_EQ(with_all[0].because.size(), 2U);
  EXPECT_EQ(with_all[1].because.size(), 2U);
}

TEST(Join, MembersOfOneNameInSeveralClassesStayApart) {
  auto solver = from(EvidenceKind::runtime, "global-heap-type-pointer", "TypeObject");
  solver.subject.linkage_name = "_ZN6Solver10TypeObjectE";
  auto term = solver;
  term.subject.linkage_name = "_ZN4Term10TypeObjectE";
  term.subject.address = ".bss+0x18";
  auto code = term;
  code.because.front().kind = EvidenceKind::code;
  const auto joined = join({solver, term, code});
  ASSERT_EQ(joined.size(), 2U);
  EXPECT_EQ(joined[1].subject.linkage_name, "_ZN4Term10TypeObjectE");
  EXPECT_EQ(joined[1].because.size(), 2U);
}

/// The source has six of that name; the code's symbol is one of them.
TEST(Join, ALinkersNameFindsItsMemberOfTheSource) {
  auto solver = from(EvidenceKind::source, "global-heap-type-pointer", "TypeObject", "solver.cpp");
  solver.subject.linkage_name = "_ZN6Solver10TypeObjectE";
  auto term = from(EvidenceKind::source, "global-heap-type-pointer", "TypeObject", "term.cpp");
  term.subject.linkage_name = "_ZN4Term10TypeObjectE";
  auto code = from(EvidenceKind::code, "global-heap-type-pointer", "TypeObject");
  code.subject.linkage_name = term.subject.linkage_name;
  const auto joined = join({solver, term, code});
  ASSERT_EQ(joined.size(), 2U);
  EXPECT_EQ(joined[0].because.size(), 1U);
  EXPECT_EQ(joined[1].subject.unit, "term.cpp");
  EXPECT_EQ(joined[1].because.size(), 2U);
}

TEST(Join, TwoStaticsOfOneNameAreNotGuessedBetween) {
  const auto a = from(EvidenceKind::source, "global-pyobject-cache", "cache", "a.c");
  auto b = from(EvidenceKind::source, "global-pyobject-cache", "cache", "b.c");
  b.where.file = "b.c";
  EXPECT_EQ(join({a, b, from(EvidenceKind::runtime, "global-pyobject-cache", "cache")}).size(), 3U);
  // The symbol table's file name settles it.
  const auto joined = join({a, b, from(EvidenceKind::runtime, "global-pyobject-cache", "cache", "b.c")});
  ASSERT_EQ(joined.size(), 2U);
  EXPECT_EQ(joined[1].because.size(), 2U);
}

/// The debug information names the line of a store.
TEST(Join, TheLineOfAStoreTellsTwoStaticsOfOneNameApart) {
  auto a = from(EvidenceKind::source, "global-pyobject-cache", "cache", "a.c");
  auto b = from(EvidenceKind::source, "global-pyobject-cache", "cache", "b.c");
  a.because[0].where = {"src/a.c", 12, 3, "set_up"};
  b.because[0].where = {"src/b.c", 12, 3, "set_up"};
  auto code = from(EvidenceKind::code, "global-pyobject-cache", "cache");
  code.because[0].where = {"b.c", 12, 0, ""};
  const auto joined = join({a, b, code});
  ASSERT_EQ(joined.size(), 2U);
  EXPECT_EQ(joined[0].because.size(), 1U);
  EXPECT_EQ(joined[1].because.size(), 2U);
  code.because[0].where.line = 13;
  EXPECT_EQ(join({a, b, code}).size(), 3U);
  code.because[0].where = {};
  a.because[0].where = b.because[0].where = {};
  EXPECT_EQ(join({a, b, code}).size(), 3U);
}

TEST(Join, StrippedFilesMeetByAddress) {
  auto run = from(EvidenceKind::runtime, "global-pyobject-cache", "");
  auto code = from(EvidenceKind::code, "non-object-mutable-static", "");
  EXPECT_EQ(join({run, code}).size(), 1U);
  code.subject.address = ".bss+0x18";
  EXPECT_EQ(join({run, code}).size(), 2U);
}

TEST(Join, AnImportJoinsEveryUseInTheSource) {
  auto first = from(EvidenceKind::source, "pygilstate", "PyGILState_Ensure");
  auto second = first;
  second.where.line = 90;
  const auto joined = join({first, second, from(EvidenceKind::binary, "pygilstate", "PyGILState_Ensure")});
  ASSERT_EQ(joined.size(), 2U);
  EXPECT_EQ(joined[0].because.size(), 2U);
  EXPECT_EQ(joined[1].because.size(), 2U);
}

TEST(Join, TheRunOutweighsAnExplanation) {
  auto source = from(EvidenceKind::source, "non-object-mutable-static", "flag", "demo.c");
  source.severity = model::Severity::advice;
  const auto joined = join({source, from(EvidenceKind::runtime, "non-object-mutable-static", "flag")});
  ASSERT_EQ(joined.size(), 1U);
  EXPECT_EQ(joined[0].severity, model::Severity::hazard);
}

TEST(PlainSymbol, CompilersSuffixesGo) {
  const std::pair<const char*, const char*> rows[] = {{"cache", "cache"},
                                                      {"cache.0", "cache"},
                                                      {"cache.lto_priv.1", "cache"},
                                                      {"lookup.cache", "cache"},
                                                      {"lookup.cache.2", "cache"},
                                                      {"_ZZ6lookupvE5cache.llvm.123", "_ZZ6lookupvE5cache"},
                                                      {"demo::CACHE (.llvm.77058)", "demo::CACHE"},
                                                      {"", ""}};
  for (const auto& [symbol, plain] : rows) EXPECT_EQ(plain_symbol(symbol), plain);
}

TEST(UnitLinks, AModuleReachesWhatItsUnitsReferTo) {
  model::Facts facts;
  facts.source.units = {{"a.c", {"PyInit_a", "start"}, {"help"}},
                        {"b.c", {"PyInit_b"}, {}},
                        {"deep.c", {"deep"}, {}},
                        {"help.c", {"help"}, {"deep"}},
                        {"lonely.c", {"lonely"}, {}}};
  model::EntryPoint a = entry(model::Init::multi_phase, model::MultipleInterpreters::absent);
  a.module = "a";
  model::EntryPoint b = a;
  b.module = "b";
  facts.source.entry_points = {{a, {}, {}, "a.c"}, {b, {}, {}, "b.c"}};
  link_units(facts);
  const UnitLinks links(facts);
  EXPECT_EQ(links.modules_of("deep.c"), (std::vector<std::string>{"a"}));
  EXPECT_EQ(links.modules_of("b.c"), (std::vector<std::string>{"b"}));
  EXPECT_TRUE(links.modules_of("lonely.c").empty());
  EXPECT_EQ(links.primary_module("help.c"), "a");
}

TEST(UnitLinks, CompiledModulesLendTheirDottedNames) {
  model::Facts facts = source_of({});
  facts.binaries = {binary(model::Init::multi_phase, model::MultipleInterpreters::absent)};
  link_units(facts);
  EXPECT_EQ(UnitLinks(facts).primary_module("demo.c"), "pkg.demo");
}

/// The same check, by its text in the file and by the call that says it.
TEST(Join, AGuardOfTheSourceIsTheOneOfTheFile) {
  auto facts = source_of({});
  model::ApiUse use;
  use.name = "PyErr_SetString";
  use.literals = {"cannot load module more than once per process"};
  use.where = {"demo.c", 9, 0, "exec"};
  use.unit = "demo.c";
  facts.source.api_uses = {use};
  facts.binaries = {binary(model::Init::multi_phase, model::MultipleInterpreters::absent)};
  facts.binaries[0].guard_texts = use.literals;
  const auto report = judge(facts, {.select = {"load-once-guard"}, .ignore = {}});
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].where.file, "demo.c");
  EXPECT_EQ(report.findings[0].because.size(), 2U);
}

}  // namespace
}  // namespace isoaudit::rules
