#pragma once

#include <string>
#include <vector>

#include "model/facts.h"

/// Facts made by hand: no Clang, no LIEF, no Python.
namespace isoaudit::hand_made {

inline model::Write write_from(std::string function, model::StoredValue value = model::StoredValue::unknown,
                               std::string callee = "", model::WriteKind kind = model::WriteKind::assignment) {
  model::Write write;
  write.where = {"demo.c", 20, 3, std::move(function)};
  write.value = value;
  write.callee = std::move(callee);
  write.kind = kind;
  if (value == model::StoredValue::constant) write.stored = "1";
  if (value == model::StoredValue::static_address) write.stored = "table";
  return write;
}

inline model::Variable variable(std::string name, std::string type, model::PythonType python_type,
                                std::vector<model::Write> writes = {}) {
  model::Variable v;
  v.name = v.qualified_name = v.linkage_name = std::move(name);
  v.type = v.canonical_type = std::move(type);
  v.python_type = python_type;
  v.where = {"demo.c", 5, 1, ""};
  v.unit = "demo.c";
  v.is_read = true;
  v.writes = std::move(writes);
  return v;
}

inline model::EntryPoint entry(model::Init init, model::MultipleInterpreters declared) {
  model::EntryPoint e{"PyInit_demo", "demo", init, {}};
  e.declares.multiple_interpreters = declared;
  e.declares.gil = model::GilUse::absent;
  // A whole definition: state with its hooks, so that only what a test changes is wrong.
  e.declares.state_size = 8;
  e.declares.has_traverse = e.declares.has_clear = true;
  return e;
}

inline model::Facts source_of(std::vector<model::Variable> variables,
                              model::MultipleInterpreters declared = model::MultipleInterpreters::absent) {
  model::Facts facts;
  facts.source.units = {{"demo.c", {"PyInit_demo"}, {}}};
  facts.source.entry_points = {
      {entry(model::Init::multi_phase, declared), {"demo.c", 40, 1, ""}, {"demo.c", 30, 1, ""}, "demo.c"}};
  facts.source.variables = std::move(variables);
  return facts;
}

inline model::Interpreter python(std::string id) {
  model::Interpreter p;
  p.version = *model::parse_python_version(id);
  p.full_version = id + ".1";
  p.executable = "python" + id;
  p.id = std::move(id);
  return p;
}

inline model::BinaryFacts binary(model::Init init, model::MultipleInterpreters declared) {
  model::BinaryFacts b;
  b.path = "pkg/demo.so";
  b.module = "pkg.demo";
  b.importable_by = {"3.14"};
  b.entry_points = {{entry(init, declared), {{3, 14}}}};
  b.code.read = true;
  return b;
}

inline model::Phase phase(model::Level level, model::Outcome outcome, std::string detail = "") {
  model::Phase p;
  p.level = level;
  p.outcome = outcome;
  p.detail = std::move(detail);
  if (outcome == model::Outcome::ok) {
    p.interpreters = 4;
    p.rounds = 3;
    p.imports = 12;
  }
  return p;
}

/// Two interpreters left different values in one word.
inline model::ChangedWord overwritten_word(const std::string& symbol) {
  model::ChangedWord word;
  word.symbol = word.linkage_name = symbol;
  word.section = ".bss";
  word.writers = {1, 2};
  word.step = "import";
  word.overwritten = true;
  return word;
}

inline model::CodeWrite code_write(const std::string& symbol, const std::string& function,
                                   const std::string& result_of = "") {
  model::CodeWrite write;
  write.symbol = write.name = symbol;
  write.section = ".bss";
  write.function = function;
  write.result_of = result_of;
  return write;
}

/// A run in which every level went well.
inline model::RunFacts clean_run() {
  model::RunFacts run{"pkg.demo", "pkg/demo.so", "3.14", {}, {}};
  for (const auto level : {model::Level::main, model::Level::legacy, model::Level::strict_shared,
                           model::Level::isolated, model::Level::sequential, model::Level::concurrent}) {
    run.phases.push_back(phase(level, model::Outcome::ok));
  }
  return run;
}

inline model::Phase& at(model::RunFacts& run, model::Level level) {
  for (model::Phase& p : run.phases) {
    if (p.level == level) return p;
  }
  run.phases.push_back(phase(level, model::Outcome::ok));
  return run.phases.back();
}

}  // namespace isoaudit::hand_made
