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
BENCHMARK(judge)->RangeMultiplier(4)->Range(16, 4096)->Unit(benchmark::kMillisecond)->Complexity();

}  // namespace

BENCHMARK_MAIN();
