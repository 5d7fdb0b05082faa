#include "loader_probe/host/phase.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <regex>
#include <set>
#include <tuple>

#include "loader_probe/host/crash.h"
#include "loader_probe/host/evidence.h"
#include "loader_probe/host/known_bugs.h"
#include "loader_probe/host/leaks.h"
#include "loader_probe/host/told_aside.h"
#include "loader_probe/inside/events.h"

namespace isoaudit::loader_probe {
namespace {

using llvm::json::Array;
using llvm::json::Object;
using model::Outcome;

constexpr std::size_t kOutputCap = 4000;

std::string signal_name(int number) {
  const char* name = sigabbrev_np(number);
  return name ? std::string("SIG") + name : "signal " + std::to_string(number);
}

/// An object or, where that was freed meanwhile, its block.
bool held(model::SharedObject::Kind kind) {
  return kind == model::SharedObject::Kind::holds || kind == model::SharedObject::Kind::block;
}

std::string last_line(const std::string& text) {
  const auto end = text.find_last_not_of(" \n\r\t");
  if (end == std::string::npos) return "";
  const auto begin = text.rfind('\n', end);
  return text.substr(begin == std::string::npos ? 0 : begin + 1, end - (begin == std::string::npos ? 0 : begin));
}

std::string without_addresses(const std::string& text) {
  static const std::regex address("0x[0-9a-fA-F]{6,}");
  return std::regex_replace(text, address, "0x...");
}

// The last part of both streams; addresses differ from run to run and say nothing.
std::string quoted_output(const ChildResult& child) {
  std::string text = child.output;
  if (!text.empty() && text.back() != '\n') text += '\n';
  text += child.errors;
  if (text.size() > kOutputCap) {
    text.erase(0, text.size() - kOutputCap);
    // Whole lines, unless the last one alone is longer than the cap.
    if (const std::size_t line = text.find('\n'); line != std::string::npos && line + 1 < text.size()) {
      text.erase(0, line + 1);
    }
  }
  return without_addresses(text);
}

constexpr char kRefusal[] = "does not support loading in subinterpreters";
constexpr std::size_t kDetailCap = 400;

/// One sentence for a report: line breaks become spaces, and a page of advice is cut.
std::string one_line(const std::string& text) {
  std::string line;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (!space) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (line.ends_with(' ')) line.pop_back();
  if (line.size() <= kDetailCap) return line;
  std::size_t end = kDetailCap;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;  // never inside a UTF-8 sequence
  return line.substr(0, end) + " [...]";
}

/// The first import that failed, if any.
struct FailedImport {
  const Object* event = nullptr;
  bool refused = false;
  std::string text{};
  std::string other_module{};
  std::vector<std::string> types{};
};

std::vector<std::string> types_of_chain(const Array* chain) {
  std::vector<std::string> types;
  if (chain == nullptr) return types;
  for (const llvm::json::Value& value : *chain) {
    const Array* link = value.getAsArray();
    if (link != nullptr && !link->empty()) types.push_back((*link)[0].getAsString().value_or("").str());
  }
  return types;
}

FailedImport failed_import(const EventLog& log, const LevelRun& run) {
  FailedImport failed;
  for (const Object* event : log.named(events::import)) {
    if (flag_of(*event, "ok")) continue;
    failed.event = event;
    failed.refused = flag_of(*event, "refused");
    const Object* result = event->getObject("result");
    if (!result) {
      failed.text = "the import could not be tried";
      return failed;
    }
    failed.text = describe_chain(result->getArray("chain"));
    failed.types = types_of_chain(result->getArray("chain"));
    const std::string instead = string_of(*result, "instead");
    if (!instead.empty()) failed.text = "imported " + instead + " instead of " + run.path;
    if (const Array* refusals = result->getArray("refusals")) {
      for (const llvm::json::Value& value : *refusals) {
        const Array* row = value.getAsArray();
        if (!row || row->size() != 3) continue;
        const std::string text = (*row)[2].getAsString().value_or("").str();
        if (text.find(kRefusal) == std::string::npos) continue;
        // Packages wrap the refusal in pages of advice; the import system's own words are the clearest.
        const std::string name = (*row)[0].getAsString().value_or("").str();
        if (failed.refused != (name == run.module)) continue;
        failed.text = "ImportError: " + text;
        if (!failed.refused) failed.other_module = name;
        break;
      }
    }
    return failed;
  }
  return failed;
}

std::string join_lines(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (!text.empty()) text += "; ";
    text += part;
  }
  return text;
}

/// Where in the log several interpreters begin to run at the same moment; its end when they never do.
std::size_t first_meeting(const LevelRun& run, const EventLog& log) {
  if (run.level == model::Level::concurrent) return 0;
  if (run.level != model::Level::forced) return log.events.size();
  // The quiet steps before use two interpreters.
  const auto meets = std::ranges::find_if(log.events, [](const Object& event) {
    return string_of(event, events::key_event) == events::step && integer_of(event, "interp") > 2;
  });
  return static_cast<std::size_t>(meets - log.events.begin());
}

/// What was seen while one interpreter ran after the other says whose object a place holds; where they race for it,
/// that is luck, and only what the quiet steps did not show is taken.
/// `tracked` as collect_evidence has it: only quiet steps are tracked.
Evidence evidence_of(const LevelRun& run, const EventLog& log, const EventLog* tracked = nullptr) {
  const std::size_t meeting = first_meeting(run, log);
  if (meeting == log.events.size()) return collect_evidence(log, run.path, run.interpreter, tracked);
  EventLog quiet;
  EventLog racing;
  for (std::size_t i = 0; i < log.events.size(); ++i) {
    const Object& event = log.events[i];
    if (i < meeting) quiet.events.push_back(event);
    const std::string name = string_of(event, events::key_event);
    // What a static type refers to is no finding beside it, also where no later look came across the type itself.
    const bool is_static = name == events::shared && string_of(event, "kind") == events::shared_static;
    const bool says_what_is_where =
        name == events::image || name == events::definition || name == events::argument_parser || is_static;
    if (i >= meeting || says_what_is_where) racing.events.push_back(event);
  }
  Evidence evidence = collect_evidence(quiet, run.path, run.interpreter, tracked);
  Evidence by_chance = collect_evidence(racing, run.path, run.interpreter);
  for (model::SharedObject& object : by_chance.shared) {
    if (object.kind != model::SharedObject::Kind::is_static) object.owners.clear();
    // Who came last is luck, and with it whether an object lies there or the block that was one.
    if (held(object.kind)) object.description = "piece of an interpreter's memory";
  }
  leave_out_seen(by_chance.shared, evidence.shared);
  evidence.shared.insert(evidence.shared.end(), by_chance.shared.begin(), by_chance.shared.end());
  evidence.changed.insert(evidence.changed.end(), by_chance.changed.begin(), by_chance.changed.end());
  return evidence;
}

std::vector<model::ProcessChange> process_changes(const EventLog& log) {
  using Kind = model::ProcessChange::Kind;
  static const std::map<std::string, Kind> kinds = {
      {events::process_folder, Kind::folder},   {events::process_umask, Kind::umask},
      {events::process_locale, Kind::locale},   {events::process_environment, Kind::environment},
      {events::process_handler, Kind::handler}, {events::process_timer, Kind::timer},
      {events::process_stream, Kind::stream},   {events::process_limits, Kind::limits}};
  std::vector<model::ProcessChange> changes;
  for (const Object* event : log.named(events::process)) {
    const auto kind = kinds.find(string_of(*event, "kind"));
    if (kind == kinds.end()) continue;
    const std::string what = string_of(*event, "what");
    const bool known = std::ranges::any_of(
        changes, [&](const model::ProcessChange& other) { return other.kind == kind->second && other.what == what; });
    if (!known) changes.push_back({kind->second, what, string_of(*event, "step"), integer_of(*event, "interp")});
  }
  std::ranges::sort(changes);
  return changes;
}

void count(const LevelRun& run, const EventLog& log, model::Phase& phase) {
  std::map<std::int64_t, std::set<std::int64_t>> by_round;
  for (const Object* event : log.named(events::import)) {
    by_round[integer_of(*event, "round")].insert(integer_of(*event, "interp"));
    phase.imports += flag_of(*event, "ok") ? 1 : 0;
  }
  for (const auto& [round, interpreters] : by_round) {
    phase.interpreters = std::max(phase.interpreters, static_cast<unsigned>(interpreters.size()));
  }
  phase.rounds = static_cast<unsigned>(by_round.size());
  phase.at_once = first_meeting(run, log) < log.events.size();
  for (const Object* event : log.named(events::exercise))
    phase.uses += static_cast<unsigned>(integer_of(*event, "calls"));
}

// What CPython itself says when it finds memory or a state that cannot be; faulthandler's names of signals are no news.
std::string words_of_abort(const std::string& errors) {
  const auto line_with = [&](std::string_view mark) {
    const std::size_t at = errors.find(mark);
    if (at == std::string::npos) return std::string();
    const std::size_t begin = errors.find_last_of('\n', at) + 1;
    return errors.substr(begin, errors.find('\n', at) - begin);
  };
  constexpr std::string_view fatal = "Fatal Python error: ";
  std::string line = line_with(fatal);
  if (line.find(fatal) != std::string::npos) line.erase(0, line.find(fatal) + fatal.size());
  // It may die while it describes the block.
  if (line.empty() || line == "Aborted" || line == "Segmentation fault") line = line_with("pad bytes at p");
  if (const std::string assertion = line_with("Assertion `"); !assertion.empty()) line = assertion;
  line.erase(0, line.find_first_not_of(' '));
  return line.empty() ? "" : ": " + line;
}

// The child itself: did it live to its end?
bool judge_end(const LevelRun& run, const ChildResult& child, const EventLog& log, model::Phase& phase) {
  const std::string where = log.finished            ? "at the interpreter's exit, after all steps"
                            : log.last_step.empty() ? "before the first step"
                            : phase.at_once         ? "during " + log.last_kind + ", with several interpreters at once"
                                                    : "during " + log.last_step;
  if (child.timed_out) {
    phase.outcome = Outcome::timed_out;
    phase.detail = "still running after " + std::to_string(std::lround(child.seconds)) + " s, " + where;
    return false;
  }
  if (WIFSIGNALED(child.wait_status)) {
    const int number = WTERMSIG(child.wait_status);
    phase.outcome = number == SIGXCPU ? Outcome::timed_out : Outcome::crashed;
    phase.detail = signal_name(number) + " " + where;
    const bool looks_itself = run.level == model::Level::debug_memory || run.level == model::Level::debug_build;
    if (looks_itself) phase.detail += words_of_abort(child.errors);
    return false;
  }
  const int status = WEXITSTATUS(child.wait_status);
  if (log.finished && status == 0) return true;
  if (!log.started && status != events::exit_events_lost) {
    phase.outcome = Outcome::not_possible;
    phase.detail = "the probe did not start: " + last_line(child.errors);
    if (status == 0) phase.detail += " (exit status 0)";
    return false;
  }
  phase.outcome = Outcome::exited;
  phase.detail = status == events::exit_events_lost
                     ? "the module closed or replaced the probe's own descriptor, " + where
                     : "the process ended with status " + std::to_string(status) + " " + where;
  return false;
}

/// Those that main did not have, sorted, each once.
std::vector<std::string> new_among(const std::vector<std::string>& faults, const std::vector<std::string>& in_main) {
  std::set<std::string> fresh(faults.begin(), faults.end());
  for (const std::string& known : in_main) fresh.erase(known);
  return {fresh.begin(), fresh.end()};
}

/// A test that fails in main fails there in other words, perhaps, and is no news all the same.
std::vector<model::FailedTest> new_tests(std::vector<model::FailedTest> failed,
                                         const std::vector<model::FailedTest>& in_main) {
  std::erase_if(failed, [&](const model::FailedTest& test) {
    return std::ranges::any_of(in_main, [&](const model::FailedTest& known) { return known.name == test.name; });
  });
  return failed;
}

std::string tests_sentence(const std::vector<model::FailedTest>& tests) {
  constexpr std::size_t shown = 20;
  std::vector<std::string> parts;
  for (const model::FailedTest& test : tests) {
    if (parts.size() < shown) parts.push_back(test.name + ": " + test.text);
  }
  if (tests.size() > shown) parts.push_back("and " + std::to_string(tests.size() - shown) + " more");
  return tests.empty() ? "" : "tests that pass in the main interpreter fail: " + join_lines(parts);
}

void judge_events(const LevelRun& run, const EventLog& log, model::Phase& phase) {
  phase.outcome = Outcome::ok;
  const auto impossible = log.named(events::not_possible);
  const FailedImport failed = failed_import(log, run);
  if (failed.event) {
    phase.outcome = failed.refused ? Outcome::refused : Outcome::error;
    phase.detail = failed.text;
    phase.exceptions = failed.types;
    phase.other_module = failed.other_module;
    if (const std::int64_t id = integer_of(*failed.event, "interp"); id > 1) {
      phase.detail = "in " + interpreter_name(id) + ": " + phase.detail;
    }
    // Its own declaration decides where a dependency failed first.
    for (const Object* declared : log.named(events::declares)) {
      if (flag_of(*declared, "refused")) {
        phase.outcome = Outcome::refused;
        phase.detail = describe_chain(declared->getArray("chain"));
      }
    }
  } else if (!impossible.empty()) {
    phase.outcome = Outcome::not_possible;
    phase.detail = string_of(*impossible.front(), "text");
  } else if (run.level != model::Level::main) {
    if (const auto faults = new_among(raised_in(log), run.raised_in_main); !faults.empty()) {
      phase.outcome = Outcome::error;
      phase.detail = "in use, unlike in the main interpreter: " + join_lines(faults);
    }
  }
}

}  // namespace

std::string describe_chain(const llvm::json::Array* chain) {
  std::string text;
  if (!chain) return text;
  for (const llvm::json::Value& value : *chain) {
    const Array* link = value.getAsArray();
    if (!link || link->size() != 2) continue;
    const std::string kind = (*link)[0].getAsString().value_or("").str();
    const std::string message = (*link)[1].getAsString().value_or("").str();
    if (!text.empty()) text += ", caused by ";
    text += kind;
    if (!message.empty()) text.append(": ").append(message);
  }
  return text;
}

std::vector<std::string> raised_in(const EventLog& log) {
  std::vector<std::string> raised;
  for (const Object* event : log.named(events::exercise)) {
    const Array* texts = event->getArray("raised");
    if (!texts) continue;
    for (const llvm::json::Value& text : *texts) {
      raised.push_back(without_addresses(text.getAsString().value_or("").str()));
    }
  }
  return raised;
}

std::vector<model::FailedTest> failed_tests_in(const EventLog& log) {
  std::map<std::string, std::string> failed;
  for (const Object* event : log.named(events::tests)) {
    const Array* rows = event->getArray("failed");
    if (!rows) continue;
    for (const llvm::json::Value& value : *rows) {
      const Array* row = value.getAsArray();
      if (!row || row->size() != 2) continue;
      failed.emplace((*row)[0].getAsString().value_or("").str(),
                     without_addresses((*row)[1].getAsString().value_or("").str()));
    }
  }
  std::vector<model::FailedTest> tests;
  for (auto& [name, text] : failed) tests.push_back({name, std::move(text)});
  return tests;
}

void leave_out_seen(std::vector<model::SharedObject>& found, const std::vector<model::SharedObject>& seen) {
  // What no global holds goes by its name.
  const auto place = [](const model::SharedObject& o) {
    const bool is_common = o.kind == model::SharedObject::Kind::common;
    return std::tuple(held(o.kind) ? model::SharedObject::Kind::holds : o.kind, o.library, o.section, o.offset,
                      is_common ? o.symbol + o.description : "");
  };
  std::set<decltype(place(found.front()))> places;
  for (const model::SharedObject& object : seen) places.insert(place(object));
  std::erase_if(found, [&](const model::SharedObject& object) { return places.contains(place(object)); });
}

model::Phase phase_of(const LevelRun& run, const ChildResult& child, const EventLog& log) {
  model::Phase phase;
  phase.level = run.level;
  phase.seconds = child.seconds;
  if (!child.start_error.empty()) {
    phase.outcome = Outcome::not_possible;
    phase.detail = child.start_error;
    return phase;
  }
  count(run, log, phase);
  if (judge_end(run, child, log, phase)) judge_events(run, log, phase);
  Evidence evidence = evidence_of(run, log);
  phase.shared = std::move(evidence.shared);
  phase.behind = std::move(evidence.behind);
  // What a hook writes before the import is refused says nothing that the forced level does not say better.
  if (phase.imports > 0) phase.changed = std::move(evidence.changed);
  phase.leaks = find_leaks(log, model::frees_its_blocks(run.interpreter.version));
  phase.output = quoted_output(child);
  phase.process = process_changes(log);
  phase.foreign_threads = find_foreign_threads(log);
  phase.disturbed = find_disturbed(log);
  phase.times = find_times(log);
  if (phase.outcome == Outcome::crashed) {
    Crash crash = read_crash(log, run.path, run.interpreter.executable);
    phase.stack = std::move(crash.stack);
    if (!crash.in_module.empty()) phase.detail += ", in `" + crash.in_module + "`";
  }

  // Who wrote a test need not have thought of interpreters: what it says is told, and what failed is no error of the
  // level by itself.
  if (run.level != model::Level::main) phase.failed_tests = new_tests(failed_tests_in(log), run.failed_in_main);
  const FailedImport failed = failed_import(log, run);
  const FailureMarks marks{phase.outcome == Outcome::crashed, failed.event && !failed.refused};
  std::set<std::string> notes;
  for (const Object* note : log.named(events::note)) notes.insert(string_of(*note, "text"));
  std::vector<std::string> parts = {phase.detail, known_bug(run.interpreter, marks)};
  parts.insert(parts.end(), notes.begin(), notes.end());
  parts.push_back(tests_sentence(phase.failed_tests));
  phase.detail = one_line(join_lines(parts));
  return phase;
}

void add_tracked_writes(const LevelRun& run, const EventLog& log, const EventLog& tracked, model::Phase& phase) {
  Evidence evidence = evidence_of(run, log, &tracked);
  phase.shared = std::move(evidence.shared);
  phase.behind = std::move(evidence.behind);
  phase.changed = std::move(evidence.changed);
}

}  // namespace isoaudit::loader_probe
