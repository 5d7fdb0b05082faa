// The rules on what a module declares, judged by hand-made facts.
#include <gtest/gtest.h>

#include <algorithm>

#include "rules/judge.h"
#include "tests/unit/hand_made.h"

namespace isoaudit::rules {
namespace {

using namespace hand_made;
using model::MultipleInterpreters;

TEST(DeclarationRules, Table) {
  struct Case {
    model::Init init;
    MultipleInterpreters declared;
    std::vector<std::string> expected;
  };
  using enum model::MultipleInterpreters;
  const Case cases[] = {
      {model::Init::single_phase, absent, {"single-phase-init"}},
      {model::Init::multi_phase, absent, {"no-multiple-interpreters-slot"}},
      {model::Init::export_slots, absent, {"no-multiple-interpreters-slot"}},
      {model::Init::multi_phase, not_supported, {"slot-not-supported"}},
      {model::Init::multi_phase, supported, {"slot-shared-gil-only"}},
      {model::Init::multi_phase, per_interpreter_gil, {}},
      {model::Init::undetermined, undetermined, {}},
  };
  for (const Case& c : cases) {
    for (const bool compiled : {false, true}) {
      model::Facts facts;
      if (compiled) {
        facts.binaries = {binary(c.init, c.declared)};
      } else {
        facts.source.entry_points = {{entry(c.init, c.declared), {"demo.c", 9, 1, ""}, {}, "demo.c"}};
      }
      std::vector<std::string> slugs;
      for (const model::Finding& finding : judge(facts, {}).findings) slugs.push_back(finding.rule);
      EXPECT_EQ(slugs, c.expected) << to_string(c.init) << " " << to_string(c.declared) << " compiled " << compiled;
    }
  }
}

TEST(DeclarationRules, OnlyTheHookThatImportUsesCounts) {
  auto file = binary(model::Init::multi_phase, MultipleInterpreters::per_interpreter_gil);
  auto other = file.entry_points[0];
  other.entry.symbol = "PyInit_decoy";
  other.entry.module = "decoy";
  other.entry.declares.multiple_interpreters = MultipleInterpreters::not_supported;
  file.entry_points.push_back(other);
  model::Facts facts;
  facts.binaries = {file};
  EXPECT_TRUE(judge(facts, {}).findings.empty());
}

}  // namespace
}  // namespace isoaudit::rules
