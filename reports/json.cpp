#include <cmath>
#include <nlohmann/json.hpp>

#include "reports/render.h"

namespace isoaudit::reports {
namespace {

using Json = nlohmann::ordered_json;
using model::Report;

Json location(const model::Location& where) {
  Json json{{"file", where.file}, {"line", where.line}, {"column", where.column}};
  if (!where.function.empty()) json["function"] = where.function;
  return json;
}

Json declaration(const model::Declaration& declares) {
  Json json{{"multiple_interpreters", to_string(declares.multiple_interpreters)},
            {"gil", to_string(declares.gil)},
            {"state_size", nullptr}};
  if (declares.state_size) json["state_size"] = *declares.state_size;
  if (!declares.undetermined_reason.empty()) json["undetermined_reason"] = declares.undetermined_reason;
  if (!declares.invalid.empty()) json["invalid"] = declares.invalid;
  return json;
}

Json phase(const model::Phase& p) {
  // Milliseconds are as fine as a child process can be timed.
  Json json{{"name", to_string(p.level)},
            {"outcome", to_string(p.outcome)},
            {"detail", p.detail},
            {"seconds", std::round(p.seconds * 1000) / 1000}};
  if (p.imports > 0) {
    json["interpreters"] = p.interpreters;
    json["rounds"] = p.rounds;
    json["imports"] = p.imports;
    json["uses"] = p.uses;
  }
  if (!p.stack.empty()) json["stack"] = p.stack;
  if (!p.output.empty()) json["output"] = p.output;
  return json;
}

Json verdict(const model::Verdict& v) {
  Json json{{"python", v.python}, {"verdict", to_string(v.kind)}, {"reason", v.reason}, {"blocked_by", v.blocked_by}};
  json["phases"] = Json::array();
  for (const model::Phase& p : v.phases) json["phases"].push_back(phase(p));
  return json;
}

Json entry_point(const model::EntryPoint& entry) {
  Json json{{"symbol", entry.symbol}, {"init", to_string(entry.init)}};
  for (const model::PythonVersion& version : entry.only_for) json["only_for"].push_back(version.str());
  json["declares"] = declaration(entry.declares);
  return json;
}

Json footprint(const model::Footprint& f) {
  Json json{{"data_bytes", f.data}, {"zero_bytes", f.zero}, {"thread_local_bytes", f.thread_local_}};
  json["constructors"] = f.constructors ? Json(*f.constructors) : Json(nullptr);
  json["static_guards"] = f.static_guards;
  return json;
}

Json writer(const model::GlobalWriter& w) {
  Json json{{"function", w.function}, {"when", Json::array()}, {"path", w.path},
            {"value", w.value},       {"guard", w.guard},      {"atomic", w.atomic}};
  for (const model::RunsWhen when : w.when) json["when"].push_back(to_string(when));
  if (!w.where.file.empty()) json["location"] = location(w.where);
  return json;
}

Json global(const model::GlobalVariable& g) {
  Json json{{"variable", g.name},        {"section", g.section},
            {"offset", g.offset},        {"size", g.size},
            {"kind", to_string(g.kind)}, {"explained", g.explained},
            {"generator", g.generator},  {"declared_type", g.declared_type},
            {"readers", g.readers}};
  json["writers"] = Json::array();
  for (const model::GlobalWriter& w : g.writers) json["writers"].push_back(writer(w));
  return json;
}

/// Null when nobody asked for it.
Json code(const std::optional<model::CodeReport>& c) {
  if (!c) return nullptr;
  Json json{{"read", c->read}, {"reason", c->why_not}, {"bytes", c->bytes}};
  json["globals"] = Json::array();
  for (const model::GlobalVariable& g : c->globals) json["globals"].push_back(global(g));
  return json;
}

Json module(const model::ModuleReport& m) {
  Json json{{"name", m.name}, {"path", m.path}};
  if (m.compiled) {
    json["sha256"] = m.sha256;
    json["format"] = to_string(m.format);
    json["arch"] = m.arch;
  } else {
    json["sha256"] = nullptr;
    json["format"] = nullptr;
    json["arch"] = nullptr;
  }
  json["footprint"] = m.compiled ? footprint(m.footprint) : Json(nullptr);
  json["framework"] = to_string(m.framework);
  json["framework_version"] = m.framework_version;
  json["entry_points"] = Json::array();
  for (const model::EntryPoint& entry : m.entry_points) json["entry_points"].push_back(entry_point(entry));
  json["declares"] = declaration(m.declares);
  json["verdicts"] = Json::array();
  for (const model::Verdict& v : m.verdicts) json["verdicts"].push_back(verdict(v));
  json["code"] = code(m.code);
  return json;
}

Json reasons(const std::vector<model::Because>& all) {
  Json json = Json::array();
  for (const model::Because& because : all) {
    Json line{{"kind", to_string(because.kind)}, {"text", because.text}};
    if (!because.where.file.empty()) line["location"] = location(because.where);
    json.push_back(std::move(line));
  }
  return json;
}

Json part(const model::RulePart& p) {
  return {{"rule", p.rule},
          {"severity", to_string(p.severity)},
          {"status", to_string(p.status)},
          {"location", location(p.where)},
          {"message", p.message},
          {"because", reasons(p.because)}};
}

Json finding(const model::Finding& f) {
  Json json{{"rule", f.rule},
            {"severity", to_string(f.severity)},
            {"status", to_string(f.status)},
            {"symbol", f.subject.name.empty() ? f.subject.address : f.subject.name},
            {"module", f.module},
            {"location", location(f.where)},
            {"message", f.message},
            {"fix", f.fix},
            {"pythons", f.pythons}};
  if (!f.fix_of_many.empty()) json["fix_of_many"] = f.fix_of_many;
  json["because"] = reasons(f.because);
  for (const model::RulePart& p : f.parts) json["parts"].push_back(part(p));
  json["fingerprint"] = f.fingerprint;
  return json;
}

Json summary(const Report& report) {
  Json verdicts = Json::object();
  for (const model::Interpreter& python : report.pythons) {
    Json counts = Json::object();
    for (const auto kind : {model::VerdictKind::isolated, model::VerdictKind::suspect, model::VerdictKind::unsafe,
                            model::VerdictKind::shared_gil_only, model::VerdictKind::refused,
                            model::VerdictKind::blocked, model::VerdictKind::unknown}) {
      counts[to_string(kind)] = 0;
    }
    for (const model::ModuleReport& m : report.modules) {
      for (const model::Verdict& v : m.verdicts) {
        if (v.python == python.id) counts[to_string(v.kind)] = counts[to_string(v.kind)].get<int>() + 1;
      }
    }
    verdicts[python.id] = std::move(counts);
  }
  const Sums sums = count_findings(report);
  return {{"modules", report.modules.size()},
          {"verdicts", std::move(verdicts)},
          {"findings", {{"blocker", sums.blocker}, {"hazard", sums.hazard}, {"advice", sums.advice}}},
          {"gaps", report.gaps.size()}};
}

}  // namespace

std::string render_json(const Report& report, const RenderOptions&) {
  Json json{{"schema", "isoaudit-report/1"}, {"tool", {{"name", "isoaudit"}, {"version", report.tool_version}}}};
  json["pythons"] = Json::array();
  for (const model::Interpreter& python : report.pythons) {
    json["pythons"].push_back({{"id", python.id},
                               {"version", python.full_version},
                               {"executable", python.executable},
                               {"debug", python.debug},
                               {"free_threaded", python.free_threaded}});
  }
  json["summary"] = summary(report);
  json["modules"] = Json::array();
  for (const model::ModuleReport& m : report.modules) json["modules"].push_back(module(m));
  json["findings"] = Json::array();
  for (const model::Finding& f : report.findings) json["findings"].push_back(finding(f));
  json["notes"] = report.notes;
  json["gaps"] = Json::array();
  for (const model::Gap& gap : report.gaps) json["gaps"].push_back({{"input", gap.input}, {"reason", gap.reason}});
  // Bytes that are no UTF-8 (a hostile symbol, a path) must not end the report.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace isoaudit::reports
