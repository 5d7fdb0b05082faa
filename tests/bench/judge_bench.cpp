// What judging costs as findings grow: a forced run of lxml alone shows over a thousand held objects.
#include <benchmark/benchmark.h>

#include "rules/judge.h"

namespace {

using namespace isoaudit;

model::Facts facts_of(std::size_t variables) {
  model::Facts facts;
  facts.source.units = {{"big.c", {"PyInit_big"}, {}}};
  facts.source.entry_points = {{{"PyInit_big", "big", model::Init::multi_phase, {}}, {"big.c", 1, 1, ""}, {}, "big.c"}};
  model::Phase forced;
  forced.level = model::Level::forced;
  forced.outcome = model::Outcome::ok;
  for (std::size_t i = 0; i < variables; ++i) {
    model::Variable variable;
    variable.name = variable.qualified_name = variable.linkage_name = "cache_" + std::to_string(i);
    variable.type = variable.canonical_type = "PyObject *";
    variable.python_type = model::PythonType::object_pointer;
    variable.unit = variable.where.file = "big.c";
    variable.where.line = static_cast<unsigned>(i + 10);
    variable.writes.resize(1);
    facts.source.variables.push_back(variable);
    model::SharedObject held;
    held.symbol = variable.name;
    held.section = ".bss";
    held.offset = i * 8;
    held.description = "a dict";
    forced.shared.push_back(held);
  }
  model::RunFacts run;
  run.module = "big";
  run.path = "big.so";
  run.python = "3.14";
  run.phases = {forced};
  facts.runs = {run};
  return facts;
}

void judge(benchmark::State& state) {
  const model::Facts facts = facts_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(rules::judge(facts, {}));
  state.SetComplexityN(state.range(0));
}
/// A whole environment: as many modules, each run, each with findings of its own.
model::Facts environment_of(std::size_t modules) {
  model::Facts facts;
  model::Interpreter python;
  python.id = "3.14";
  python.version = {3, 14};
  facts.pythons = {python};
  for (std::size_t i = 0; i < modules; ++i) {
    const std::string name = "pkg.module_" + std::to_string(i);
    model::BinaryFacts binary;
    binary.path = name + ".so";
    binary.module = name;
    binary.importable_by = {"3.14"};
    model::EntryPoint entry;
    entry.symbol = "PyInit_module_" + std::to_string(i);
    entry.module = "module_" + std::to_string(i);
    entry.init = model::Init::multi_phase;
    entry.declares.multiple_interpreters = model::MultipleInterpreters::per_interpreter_gil;
    binary.entry_points = {{entry, {{3, 14}}, true}};
    binary.api_imports = {"PyGILState_Ensure", "localtime", "setlocale"};
    binary.capsule_names = {"_ARRAY_API"};
    binary.code.read = true;
    model::CodeWrite write;
    write.section = ".bss";
    write.offset = 64;
    binary.code.writes = {write};
    facts.binaries.push_back(std::move(binary));
    model::RunFacts run;
    run.module = name;
    run.path = name + ".so";
    run.python = "3.14";
    model::Phase isolated;
    isolated.level = model::Level::isolated;
    isolated.outcome = model::Outcome::ok;
    run.phases = {isolated};
    facts.runs.push_back(std::move(run));
  }
  return facts;
}

void judge_environment(benchmark::State& state) {
  const model::Facts facts = environment_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(rules::judge(facts, {}));
  state.SetComplexityN(state.range(0));
}
BENCHMARK(judge_environment)->RangeMultiplier(4)->Range(64, 4096)->Unit(benchmark::kMillisecond)->Complexity();

BENCHMARK(judge)->RangeMultiplier(4)->Range(16, 4096)->Unit(benchmark::kMillisecond)->Complexity();

}  // namespace

BENCHMARK_MAIN();
