// Rules on what is handed to libraries, run once, or asked of heap types: hand-made facts.
#include <gtest/gtest.h>

#include <algorithm>

#include "rules/judge.h"
#include "tests/unit/hand_made.h"
#include "tests/unit/judged.h"

namespace isoaudit::rules {
namespace {

using namespace hand_made;
using model::SlotBody;

constexpr std::uint64_t immutable = 1UL << 8;
constexpr std::uint64_t gc = 1UL << 14;

model::TypeSpec spec(std::uint64_t flags, SlotBody traverse, SlotBody dealloc) {
  model::TypeSpec made;
  made.name = "node_spec";
  made.type_name = "demo.Node";
  made.where = {"demo.c", 12, 1, ""};
  made.unit = "demo.c";
  made.flags = flags;
  made.traverse = traverse;
  made.dealloc = dealloc;
  return made;
}

TEST(HeapTypes, Table) {
  const struct {
    const char* what;
    model::TypeSpec type;
    std::vector<std::string> expected;
  } rows[] = {
      {"all right", spec(immutable | gc, SlotBody::does, SlotBody::does), {}},
      {"bodies elsewhere", spec(immutable | gc, SlotBody::unknown, SlotBody::unknown), {}},
      {"no slots of its own", spec(immutable, SlotBody::none, SlotBody::none), {}},
      {"a type that is not visited",
       spec(immutable | gc, SlotBody::does_not, SlotBody::does),
       {"heap-type-gc-contract advice"}},
      {"which no collector asks", spec(immutable, SlotBody::does_not, SlotBody::does), {}},
      {"a type that is not released",
       spec(immutable, SlotBody::none, SlotBody::does_not),
       {"heap-type-gc-contract advice"}},
      {"a type that Python may change", spec(gc, SlotBody::does, SlotBody::does), {"mutable-heap-type advice"}},
      {"flags that are not known",
       [] {
         model::TypeSpec made = spec(0, SlotBody::none, SlotBody::none);
         made.flags.reset();
         return made;
       }(),
       {}},
      {"a generator's",
       [] {
         model::TypeSpec made = spec(gc, SlotBody::does_not, SlotBody::does_not);
         made.generator = "cython";
         return made;
       }(),
       {}},
  };
  for (const auto& row : rows) {
    auto facts = source_of({});
    facts.source.type_specs = {row.type};
    EXPECT_EQ(judged(facts), row.expected) << row.what;
  }
}

TEST(HeapTypes, OneFindingForAllMutableTypesOfAModule) {
  auto facts = source_of({});
  facts.source.type_specs = {spec(0, SlotBody::none, SlotBody::none), spec(0, SlotBody::none, SlotBody::none)};
  facts.source.type_specs[1].type_name = "demo.Other";
  const auto report = judge(facts, {.select = {"mutable-heap-type"}, .ignore = {}});
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_TRUE(report.findings[0].message.starts_with("`demo.Node`, `demo.Other` can be changed"));
}

TEST(Callbacks, OfOneFunctionAreOneFinding) {
  auto facts = source_of({});
  facts.source.handed_callbacks = {{"XML_SetUserData", "on_start", {"demo.c", 4, 1, "parse"}, "demo.c"},
                                   {"XML_SetUserData", "on_end", {"demo.c", 5, 1, "parse"}, "demo.c"},
                                   {"curl_set", "on_data", {"demo.c", 6, 1, "get"}, "demo.c"}};
  EXPECT_EQ(judged(facts),
            (std::vector<std::string>{"global-callback-registration hazard", "global-callback-registration hazard"}));
  // What a handle keeps that no static holds goes with the handle.
  facts.source.handed_callbacks[2].on_own_handle = true;
  EXPECT_EQ(judged(facts),
            (std::vector<std::string>{"global-callback-registration advice", "global-callback-registration hazard"}));
  facts.source.handed_callbacks.clear();
  EXPECT_TRUE(judged(facts).empty());
}

TEST(Callbacks, OfCythonGoByTheUsersName) {
  auto facts = source_of({});
  facts.source.handed_callbacks = {
      {"PQsetNoticeReceiver", "__pyx_f_3pkg_2pq_receiver", {"pq.pyx", 4, 0, ""}, "demo.c"}};
  const auto report = judge(facts, {.select = {"global-callback-registration"}, .ignore = {}});
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_TRUE(report.findings[0].message.starts_with("`PQsetNoticeReceiver` is given the callback receiver() and"))
      << report.findings[0].message;
}

TEST(Interpreters, WhetherThereIsOneAtAllMayBeAsked) {
  model::ApiUse use;
  use.name = "PyInterpreterState_Head";
  use.where = {"demo.c", 9, 0, "end"};
  use.unit = "demo.c";
  for (const bool asked : {false, true}) {
    use.only_asked_for_null = asked;
    auto facts = source_of({});
    facts.source.api_uses = {use};
    EXPECT_EQ(judged(facts).size(), asked ? 0U : 1U);
  }
}

TEST(Interpreters, WhoComparesWithMainEntersNoOther) {
  model::ApiUse use;
  use.name = "PyInterpreterState_Main";
  use.where = {"demo.c", 9, 0, "exec"};
  use.unit = "demo.c";
  use.only_compared = true;
  auto facts = source_of({});
  facts.source.api_uses = {use};
  EXPECT_EQ(judged(facts), std::vector<std::string>{"interpreter-state-main advice"});
  // The head of the list is another one a moment later.
  facts.source.api_uses[0].name = "PyInterpreterState_Head";
  EXPECT_EQ(judged(facts), std::vector<std::string>{"interpreter-state-main hazard"});
}

/// What nobody else can meet is worth a line, and no more.
TEST(ApiUses, WhereNoOtherInterpreterMeetsThem) {
  using enum model::RunsWhen;
  const struct {
    std::vector<model::RunsWhen> times;
    const char* expected;
  } rows[] = {
      {{}, "locale hazard"},
      {{never}, "locale advice"},
      {{process}, "locale advice"},
      {{main_interpreter}, "locale advice"},
      {{never, main_interpreter}, "locale advice"},
      {{main_interpreter, call}, "locale hazard"},
      {{exec}, "locale hazard"},
      // Others may run when the file is loaded.
      {{static_initialiser}, "locale hazard"},
  };
  for (const auto& row : rows) {
    model::ApiUse use;
    use.name = "setlocale";
    use.where = {"demo.c", 9, 0, "start"};
    use.unit = "demo.c";
    for (const model::RunsWhen when : row.times) use.reached.push_back({when, ""});
    auto facts = source_of({});
    facts.source.api_uses = {use};
    EXPECT_EQ(judged(facts), std::vector<std::string>{row.expected});
  }
}

model::ApiUse use(std::string name, std::string once, std::vector<std::string> literals) {
  model::ApiUse made;
  made.name = std::move(name);
  made.where = {"demo.c", 9, 0, "start"};
  made.unit = "demo.c";
  made.once = std::move(once);
  made.literals = std::move(literals);
  return made;
}

TEST(OnceAndThreads, Table) {
  const struct {
    const char* what;
    model::ApiUse use;
    std::vector<std::string> expected;
  } rows[] = {
      {"Python in call_once", use("PyDict_New", "std::call_once", {}), {"once-init-with-python-under-lock hazard"}},
      {"Python in a lock that lets it go", use("PyDict_New", "_PyOnceFlag_CallOnce", {}), {}},
      {"a library in call_once", use("open_it", "std::call_once", {}), {}},
      {"Python anywhere", use("PyDict_New", "", {"name"}), {}},
      {"a guard, by what it says",
       use("PyErr_SetString", "", {"cannot load module more than once per process"}),
       {"load-once-guard blocker"}},
      {"another message", use("PyErr_SetString", "", {"the library is loaded once"}), {}},
      {"the same words elsewhere", use("PySys_WriteStderr", "", {"cannot load module more than once per process"}), {}},
      {"a daemon", use("PyObject_SetAttrString", "", {"daemon"}), {"needs-daemon-thread advice"}},
      {"a thread without a name",
       use("PyObject_CallMethod", "", {"start_new_thread", "O"}),
       {"needs-daemon-thread advice"}},
  };
  for (const auto& row : rows) {
    auto facts = source_of({});
    facts.source.api_uses = {row.use};
    EXPECT_EQ(judged(facts), row.expected) << row.what;
  }
}

TEST(Imports, OfAModuleOfTheAuditThatIsRefused) {
  const struct {
    const char* what;
    model::ApiUse use;
    std::size_t found;
    std::vector<model::RunsWhen> times{};
    model::Status status = model::Status::possible;
  } rows[] = {
      {"by its name", use("PyImport_ImportModule", "", {"pkg.old"}), 1},
      {"in exec",
       use("PyImport_ImportModule", "", {"pkg.old"}),
       1,
       {model::RunsWhen::exec, model::RunsWhen::call},
       model::Status::likely},
      {"in the hook", use("PyImport_ImportModule", "", {"pkg.old"}), 1, {model::RunsWhen::hook}, model::Status::likely},
      {"where it is needed", use("PyImport_ImportModule", "", {"pkg.old"}), 0, {model::RunsWhen::call}},
      {"by the main interpreter alone",
       use("PyImport_ImportModule", "", {"pkg.old"}),
       0,
       {model::RunsWhen::main_interpreter}},
      {"by its capsule", use("PyCapsule_Import", "", {"pkg.old._C_API"}), 1},
      {"itself", use("PyImport_ImportModule", "", {"pkg.demo"}), 0},
      {"one of another audit", use("PyImport_ImportModule", "", {"math"}), 0},
      {"by a name that is put together", use("PyImport_ImportModule", "", {}), 0},
  };
  for (const auto& row : rows) {
    auto facts = source_of({});
    facts.source.units.push_back({"old.c", {"PyInit_old"}, {}});
    auto old = facts.source.entry_points[0];
    old.entry = entry(model::Init::single_phase, model::MultipleInterpreters::absent);
    old.entry.symbol = "PyInit_old";
    old.entry.module = "old";
    old.unit = old.where.file = "old.c";
    facts.source.entry_points.push_back(old);
    facts.source.api_uses = {row.use};
    for (const model::RunsWhen when : row.times) facts.source.api_uses[0].reached.push_back({when, "a way"});
    const auto report = judge(facts, {.select = {"transitive-import-in-exec"}, .ignore = {}});
    ASSERT_EQ(report.findings.size(), row.found) << row.what;
    if (row.found == 0) continue;
    EXPECT_EQ(report.findings[0].message, "`demo` imports `pkg.old`, which isolated interpreters refuse");
    EXPECT_EQ(report.findings[0].status, row.status) << row.what;
    const bool certain = row.status == model::Status::likely;
    EXPECT_EQ(report.findings[0].severity, certain ? model::Severity::blocker : model::Severity::hazard) << row.what;
  }
}

TEST(Handles, Table) {
  const auto opened = [](const char* callee) { return write_from("start", model::StoredValue::call, callee); };
  const auto handle = [](const char* type, model::Write write) {
    return variable("db", type, model::PythonType::none, {std::move(write)});
  };
  const std::vector<std::string> plain = {"non-object-mutable-static hazard"};
  const std::vector<std::string> both = {"gil-as-mutex-for-c-library advice", "non-object-mutable-static hazard"};
  auto guarded = opened("db_open");
  guarded.guard = "PyMutex_Lock";
  const struct {
    const char* what;
    model::Variable variable;
    std::vector<std::string> expected;
  } rows[] = {
      {"a handle of a library", handle("struct db *", opened("db_open")), both},
      {"of the project's own", handle("struct db *", opened("own_open")), plain},
      {"under a lock", handle("struct db *", guarded), {"non-object-mutable-static advice"}},
      {"bytes", handle("char *", opened("db_open")), plain},
      {"a number", handle("int", opened("db_open")), plain},
      {"memory", handle("struct db *", opened("malloc")), plain},
  };
  for (const auto& row : rows) {
    auto facts = source_of({row.variable});
    facts.source.api_uses = {use("db_open", "", {}), use("malloc", "", {})};
    EXPECT_EQ(judged(facts), row.expected) << row.what;
  }
}

}  // namespace
}  // namespace isoaudit::rules
