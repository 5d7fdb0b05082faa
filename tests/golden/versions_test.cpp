// One source that says one thing to Python 3.13 and another to 3.14, judged and rendered: where the set of versions
// stands.
#include <gtest/gtest.h>

#include "reports/render.h"
#include "rules/judge.h"
#include "tests/golden/golden_file.h"
#include "tests/unit/hand_made.h"

namespace isoaudit::reports {
namespace {

using namespace hand_made;

model::Write stored_by(const char* function, model::RunsWhen when, const char* how, unsigned line) {
  model::Write write = write_from(function, model::StoredValue::call, "PyDict_New");
  write.where.line = line;
  write.reached = {{when, how}};
  return write;
}

model::Variable object(const char* name, unsigned line, std::vector<model::Write> writes) {
  model::Variable made = variable(name, "PyObject *", model::PythonType::object_pointer, std::move(writes));
  made.where.line = line;
  return made;
}

/// `cache` in both, filled once by the one and by every call of the other; `legacy` behind `#if PY_VERSION_HEX`,
/// `count` under a lock that only the newer Python has; the hook declares own-GIL support to that one alone.
model::Facts two_pythons() {
  model::Variable count = variable("count", "int", model::PythonType::none, {write_from("lookup")});
  count.where.line = 8;
  model::Variable guarded = count;
  guarded.writes[0].guard = "PyMutex_Lock";
  model::Facts facts;
  facts.pythons = {python("3.13"), python("3.14")};
  const auto at_import = stored_by("exec", model::RunsWhen::exec, "Py_mod_exec → exec()", 30);
  const auto in_calls = stored_by("lookup", model::RunsWhen::call, "method `lookup`", 42);
  facts.source_views = {
      {{"3.13"},
       source_of({object("cache", 5, {at_import, in_calls}), object("legacy", 6, {at_import}), count}).source},
      {{"3.14"},
       source_of({object("cache", 5, {at_import}), guarded}, model::MultipleInterpreters::per_interpreter_gil).source}};
  return facts;
}

TEST(GoldenOfVersions, EveryFormatRendersAsReviewed) {
  model::Report report = rules::judge(two_pythons(), {});
  report.tool_version = "VERSION";
  for (const Format& format : formats()) {
    expect_golden("versions." + std::string(format.name), format.render(report, {.verbose = true}));
  }
}

}  // namespace
}  // namespace isoaudit::reports
