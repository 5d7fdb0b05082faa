#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "rules/judge.h"
#include "tests/unit/hand_made.h"

/// Facts of machine code, and what is told of them.
namespace isoaudit::hand_made {

inline model::Facts module_that(
    std::vector<model::CodeWrite> writes,
    model::MultipleInterpreters declared = model::MultipleInterpreters::per_interpreter_gil) {
  model::Facts facts;
  facts.pythons = {python("3.14")};
  facts.binaries = {binary(model::Init::multi_phase, declared)};
  facts.binaries[0].code.writes = std::move(writes);
  std::ranges::sort(facts.binaries[0].code.writes);
  return facts;
}

/// The findings that rest on machine code.
inline std::vector<model::Finding> code_findings_of(const model::Facts& facts) {
  std::vector<model::Finding> findings = rules::judge(facts, {}).findings;
  std::erase_if(findings, [](const model::Finding& finding) {
    return std::ranges::none_of(finding.because, [](const auto& b) { return b.kind == model::EvidenceKind::code; }) ||
           finding.rule == "slot-per-interpreter-gil-with-state";
  });
  return findings;
}

inline model::CodeWrite stores(model::StoredValue value, std::string stored = "", std::uint64_t size = 8) {
  model::CodeWrite write = code_write("thing", "fill");
  write.value = value;
  write.stored = std::move(stored);
  write.size = size;
  return write;
}

inline model::CodeWrite changed(model::CodeWrite write, void (*change)(model::CodeWrite&)) {
  change(write);
  return write;
}

}  // namespace isoaudit::hand_made
