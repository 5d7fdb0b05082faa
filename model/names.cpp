// The words of the report, one spelling for all: every enum of the model that a reader sees.
#include <algorithm>

#include "model/report.h"

namespace isoaudit::model {

const char* to_string(Severity severity) {
  switch (severity) {
    case Severity::blocker: return "blocker";
    case Severity::hazard: return "hazard";
    case Severity::advice: return "advice";
  }
  return "";
}

const char* to_string(Status status) {
  switch (status) {
    case Status::confirmed: return "confirmed";
    case Status::likely: return "likely";
    case Status::possible: return "possible";
    case Status::suppressed: return "suppressed";
    case Status::baseline: return "baseline";
  }
  return "";
}

const char* to_string(EvidenceKind kind) {
  switch (kind) {
    case EvidenceKind::source: return "source";
    case EvidenceKind::binary: return "binary";
    case EvidenceKind::code: return "code";
    case EvidenceKind::runtime: return "runtime";
  }
  return "";
}

const char* to_string(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::isolated: return "isolated";
    case VerdictKind::suspect: return "suspect";
    case VerdictKind::unsafe: return "unsafe";
    case VerdictKind::shared_gil_only: return "shared-gil-only";
    case VerdictKind::refused: return "refused";
    case VerdictKind::blocked: return "blocked";
    case VerdictKind::unknown: return "unknown";
  }
  return "";
}

const char* to_string(Level level) {
  switch (level) {
    case Level::main: return "main";
    case Level::legacy: return "legacy";
    case Level::strict_shared: return "strict-shared-gil";
    case Level::isolated: return "isolated";
    case Level::sequential: return "isolated-sequential";
    case Level::concurrent: return "isolated-concurrent";
    case Level::warm: return "isolated-warm";
    case Level::debug_memory: return "debug-memory";
    case Level::debug_build: return "debug-build";
    case Level::forced: return "forced";
  }
  return "";
}

const char* to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok: return "ok";
    case Outcome::refused: return "refused";
    case Outcome::error: return "error";
    case Outcome::crashed: return "crashed";
    case Outcome::timed_out: return "timed-out";
    case Outcome::exited: return "exited";
    case Outcome::skipped: return "skipped";
    case Outcome::not_possible: return "not-possible";
  }
  return "";
}

const char* to_string(RunsWhen when) {
  switch (when) {
    case RunsWhen::never: return "never";
    case RunsWhen::static_initialiser: return "static-initialiser";
    case RunsWhen::process: return "process";
    case RunsWhen::main_interpreter: return "main-interpreter";
    case RunsWhen::hook: return "hook";
    case RunsWhen::exec: return "exec";
    case RunsWhen::call: return "call";
    case RunsWhen::finalise: return "finalise";
  }
  return "";
}

const char* to_string(GlobalKind kind) {
  switch (kind) {
    case GlobalKind::static_type: return "static-type";
    case GlobalKind::thread_state: return "thread-state";
    case GlobalKind::exception: return "exception";
    case GlobalKind::type: return "type";
    case GlobalKind::string: return "string";
    case GlobalKind::module: return "module";
    case GlobalKind::static_object: return "static-object";
    case GlobalKind::object: return "object";
    case GlobalKind::pymem_block: return "pymem-block";
    case GlobalKind::capsule_api: return "capsule-api";
    case GlobalKind::counter: return "counter";
    case GlobalKind::data: return "data";
  }
  return "";
}

const char* to_string(Leak::Kind kind) {
  switch (kind) {
    case Leak::Kind::type: return "type";
    case Leak::Kind::blocks: return "blocks";
    case Leak::Kind::threads: return "threads";
    case Leak::Kind::descriptors: return "descriptors";
    case Leak::Kind::mappings: return "mappings";
  }
  return "";
}

const char* to_string(Framework framework) {
  switch (framework) {
    case Framework::none: return "none";
    case Framework::cython: return "cython";
    case Framework::pybind11: return "pybind11";
    case Framework::nanobind: return "nanobind";
    case Framework::pyo3: return "pyo3";
    case Framework::mypyc: return "mypyc";
    case Framework::cffi: return "cffi";
    case Framework::swig: return "swig";
    case Framework::boost_python: return "boost-python";
    case Framework::f2py: return "f2py";
    case Framework::rust: return "rust";
  }
  return "";
}

const char* to_string(BinaryFormat format) {
  switch (format) {
    case BinaryFormat::elf: return "elf";
    case BinaryFormat::pe: return "pe";
    case BinaryFormat::macho: return "macho";
  }
  return "";
}

const char* to_string(Init init) {
  switch (init) {
    case Init::single_phase: return "single-phase";
    case Init::multi_phase: return "multi-phase";
    case Init::export_slots: return "export-slots";
    case Init::undetermined: return "undetermined";
  }
  return "";
}

const char* to_string(MultipleInterpreters value) {
  switch (value) {
    case MultipleInterpreters::absent: return "absent";
    case MultipleInterpreters::not_supported: return "not-supported";
    case MultipleInterpreters::supported: return "supported";
    case MultipleInterpreters::per_interpreter_gil: return "per-interpreter-gil";
    case MultipleInterpreters::undetermined: return "undetermined";
  }
  return "";
}

const char* to_string(GilUse use) {
  switch (use) {
    case GilUse::absent: return "absent";
    case GilUse::used: return "used";
    case GilUse::not_used: return "not-used";
    case GilUse::undetermined: return "undetermined";
  }
  return "";
}

const Phase* find_phase(const RunFacts& run, Level level) {
  const auto phase = std::ranges::find(run.phases, level, &Phase::level);
  return phase == run.phases.end() ? nullptr : &*phase;
}

bool ended_badly(const Phase& phase) {
  return phase.outcome == Outcome::crashed || phase.outcome == Outcome::timed_out || phase.outcome == Outcome::exited;
}

bool raised(const Phase& phase, std::string_view type) {
  return std::ranges::find(phase.exceptions, type) != phase.exceptions.end();
}

}  // namespace isoaudit::model
