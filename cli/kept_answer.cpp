#include "cli/kept_answer.h"

#include "analyzer/records/encode.h"
#include "analyzer/records/model_fields.h"
#include "analyzer/source/build_id.h"

namespace isoaudit::analyzer::records {

template <class Visit>
void fields(model::Interpreter& value, Visit&& visit) {
  auto& [version, id, full_version, executable, include_dir, ext_suffix, import_suffixes, debug, free_threaded] = value;
  visit(version, id, full_version, executable, include_dir, ext_suffix, import_suffixes, debug, free_threaded);
}

template <class Visit>
void fields(model::AddedFunction& value, Visit&& visit) {
  auto& [rule, name, severity, harm, instead] = value;
  visit(rule, name, severity, harm, instead);
}

/// The source's facts go by their name, and of the others there are none.
template <class Visit>
void fields(model::Facts& value, Visit&& visit) {
  auto& [pythons, source, source_views, binaries, runs, gaps, added_functions, notes] = value;
  visit(pythons, gaps, added_functions, notes);
}

template <class Visit>
void fields(cli::Rendering& value, Visit&& visit) {
  auto& [format, look] = value;
  auto& [color, verbose, globals] = look;
  visit(format, color, verbose, globals);
}

template <class Visit>
void fields(cli::Question& value, Visit&& visit) {
  auto& [select, ignore, fail_on, renderings] = value;
  visit(select, ignore, fail_on, renderings);
}

template <class Visit>
void fields(cli::Answer& value, Visit&& visit) {
  auto& [reports, status] = value;
  visit(reports, status);
}

}  // namespace isoaudit::analyzer::records

namespace isoaudit::cli {
namespace {

namespace records = analyzer::records;

std::string name_of(const Collected& collected, const Question& question) {
  const model::Facts& facts = collected.facts;
  const std::string program = analyzer::build_id();
  if (collected.sources.name.empty() || program.empty()) return {};
  if (!facts.source_views.empty() || !facts.binaries.empty() || !facts.runs.empty()) return {};
  return analyzer::entry_name(records::encode(program, collected.sources.name, facts, question), ".answer");
}

}  // namespace

KeptAnswer::KeptAnswer(const std::string& folder, const Collected& collected, const Question& question)
    : entries_(folder), name_(name_of(collected, question)) {}

std::optional<Answer> KeptAnswer::find() const {
  if (name_.empty()) return std::nullopt;
  const std::optional<std::string> bytes = entries_.get(name_);
  if (!bytes) return std::nullopt;
  Answer answer;
  if (!records::decode(*bytes, answer)) return std::nullopt;
  entries_.touch(name_);
  return answer;
}

void KeptAnswer::keep(const Answer& answer) {
  if (!name_.empty()) entries_.put(name_, records::encode(answer));
}

}  // namespace isoaudit::cli
