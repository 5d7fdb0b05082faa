// Each small module keeps one thing in process-global storage and claims to support an own GIL: the run must name the
// variable, by looking, on every interpreter. The clean ones must stay silent.
#include <gmock/gmock.h>

#include "loader_probe/host/phase.h"
#include "tests/probe/micro_modules.h"

namespace isoaudit::tests {
namespace {

using model::Level;
using model::SharedObject;

struct Sharing {
  const char* module;
  const char* symbol;
  SharedObject::Kind kind;
  const char* type_name;
  bool is_type = false;
  bool is_exception = false;
  bool is_module = false;
};

class Shares : public testing::TestWithParam<Sharing> {};

void expect_shared(const Sharing& expected, const model::Phase& phase, const std::string& section) {
  ASSERT_EQ(phase.shared.size(), 1u) << told(phase);
  const SharedObject& found = phase.shared.front();
  EXPECT_EQ(found.symbol, expected.symbol);
  EXPECT_EQ(found.section.substr(0, section.size()), section);
  EXPECT_EQ(found.kind, expected.kind);
  EXPECT_EQ(found.type_name, expected.type_name);
  EXPECT_EQ(found.is_type, expected.is_type);
  EXPECT_EQ(found.is_exception, expected.is_exception);
  EXPECT_EQ(found.is_module, expected.is_module);
  EXPECT_EQ(found.symbol_offset, 0u);
  EXPECT_EQ(found.library, "");
  EXPECT_FALSE(found.owners.empty());
}

TEST_P(Shares, NamesTheVariable) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module(GetParam().module, python);
    ASSERT_EQ(phase(run, Level::main).outcome, model::Outcome::ok) << told(phase(run, Level::main));
    const std::string section = GetParam().module == std::string("thread_local_list") ? ".tbss" : ".";
    expect_shared(GetParam(), phase(run, Level::isolated), section);
  }
}

constexpr auto holds = SharedObject::Kind::holds;
constexpr auto is_static = SharedObject::Kind::is_static;
constexpr auto block = SharedObject::Kind::block;

INSTANTIATE_TEST_SUITE_P(Probe, Shares,
                         testing::Values(Sharing{"static_type", "thing_type", is_static, "type", true},
                                         Sharing{"static_instance", "sentinel", is_static, "object"},
                                         Sharing{"struct_sequence", "pair_type", is_static, "type", true},
                                         Sharing{"global_dict", "cache", holds, "dict"},
                                         Sharing{"global_exception", "error", holds, "type", true, true},
                                         Sharing{"global_heap_type", "thing_type", holds, "type", true},
                                         Sharing{"global_string", "greeting", holds, "str"},
                                         Sharing{"lazy_local", "lazily.0", holds, "str"},
                                         Sharing{"module_pointer", "this_module", holds, "module", false, false, true},
                                         Sharing{"thread_state", "saved", holds, "PyThreadState"},
                                         Sharing{"thread_local_list", "list", holds, "list"},
                                         Sharing{"pymem_block", "buffer", block, ""}),
                         [](const auto& row) { return std::string(row.param.module); });

class SharesNothing : public testing::TestWithParam<const char*> {};

TEST_P(SharesNothing, NoFalseAlarm) {
  for (const model::Interpreter& python : interpreters_with_debug()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module(GetParam(), python);
    for (const model::Phase& one : run.phases) {
      EXPECT_THAT(one.shared, testing::IsEmpty()) << told(one);
      EXPECT_THAT(one.behind, testing::IsEmpty()) << told(one);
    }
    for (const Level level : {Level::main, Level::isolated, Level::sequential, Level::concurrent}) {
      EXPECT_EQ(phase(run, level).outcome, model::Outcome::ok) << told(phase(run, level));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Probe, SharesNothing,
                         testing::Values("clean", "datetime_user", "immortals", "counter", "raw_blocks",
                                         "table_for_each", "list_for_each", "argument_parser"),
                         [](const auto& row) { return std::string(row.param); });

// Of Python's allocator, by whose the memory around it is; what the C library gave, or got back, is nobody's.
TEST(Sharing, ABlockBelongsToAnInterpreter) {
  for (const model::Interpreter& python : interpreters_with_debug()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("pymem_block", python);
    const model::Phase& isolated = phase(run, Level::isolated);
    ASSERT_EQ(isolated.shared.size(), 1u) << told(isolated);
    EXPECT_EQ(isolated.shared[0].description, "PyMem block (64 bytes)");
    EXPECT_THAT(isolated.shared[0].owners, testing::ElementsAre(2));
    EXPECT_EQ(isolated.shared[0].replaced, "PyMem block (64 bytes) of interpreter 1");
  }
}

TEST(Sharing, LastImporterWins) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("global_exception", python);
    const model::Phase& isolated = phase(run, Level::isolated);
    ASSERT_EQ(isolated.shared.size(), 1u);
    EXPECT_THAT(isolated.shared[0].owners, testing::ElementsAre(2));
    EXPECT_EQ(isolated.shared[0].description, "exception class 'global_exception.Error'");
    EXPECT_EQ(isolated.shared[0].replaced, "exception class 'global_exception.Error' of interpreter 1");
    ASSERT_EQ(isolated.changed.size(), 1u);
    EXPECT_EQ(isolated.changed[0].symbol, "error");
    EXPECT_TRUE(isolated.changed[0].overwritten);
    EXPECT_THAT(isolated.changed[0].writers, testing::ElementsAre(1, 2));
    EXPECT_EQ(isolated.changed[0].step, "import");
  }
}

struct Write {
  const char* module;
  const char* symbol;
  bool overwritten;
};

class Writes : public testing::TestWithParam<Write> {};

TEST_P(Writes, NamesTheVariable) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module(GetParam().module, python);
    const model::Phase& isolated = phase(run, Level::isolated);
    ASSERT_EQ(isolated.changed.size(), 1u) << told(isolated);
    EXPECT_EQ(isolated.changed[0].symbol, GetParam().symbol);
    EXPECT_EQ(isolated.changed[0].overwritten, GetParam().overwritten);
    EXPECT_EQ(isolated.changed[0].writers.size(), GetParam().overwritten ? 2u : 1u);
  }
}

INSTANTIATE_TEST_SUITE_P(Probe, Writes,
                         testing::Values(Write{"counter", "imports", true}, Write{"same_value", "page_size", false},
                                         Write{"pymem_block", "buffer", true}, Write{"load_once", "loaded", true}),
                         [](const auto& row) { return std::string(row.param.module); });

// A count of users goes back when they end: no proof of harm, unlike a value that the last importer leaves.
TEST(Sharing, AUserCountIsBalanced) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("user_count", python);
    const auto& changed = phase(run, Level::isolated).changed;
    ASSERT_EQ(changed.size(), 2u);
    for (const model::ChangedWord& word : changed) {
      EXPECT_EQ(word.symbol, "users");
      EXPECT_TRUE(word.balanced);
    }
    const model::RunFacts counter = run_module("counter", python);
    ASSERT_EQ(phase(counter, Level::isolated).changed.size(), 1u);
    EXPECT_FALSE(phase(counter, Level::isolated).changed[0].balanced);
  }
}

TEST(Sharing, CxxNamesAreDemangled) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts run = run_module("cxx_static", python);
    std::vector<std::string> symbols;
    for (const SharedObject& object : phase(run, Level::isolated).shared) symbols.push_back(object.symbol);
    EXPECT_THAT(symbols, testing::UnorderedElementsAre("demo::registry", "demo::lazily()::made"));
  }
}

// What a static type refers to is the type's business, also where interpreters race for it and none of them is seen to
// have the type.
TEST(Sharing, AStaticTypeThatIsNotOfferedIsOneFinding) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::Phase forced = phase(run_module("unoffered_static_type", python), Level::forced);
    ASSERT_EQ(forced.shared.size(), 1u) << told(forced);
    EXPECT_EQ(forced.shared[0].symbol, "point_type");
    EXPECT_EQ(forced.shared[0].kind, SharedObject::Kind::is_static);
  }
}

// Undeclared modules are forced: what would break is named there.
TEST(Sharing, ForcedShowsWhatWouldBreak) {
  for (const model::Interpreter& python : interpreters()) {
    SCOPED_TRACE(python.id);
    const model::RunFacts no_slot = run_module("no_slot", python);
    const model::Phase& forced = phase(no_slot, Level::forced);
    ASSERT_GE(forced.shared.size(), 1u) << told(forced);
    EXPECT_EQ(forced.shared[0].symbol, "cache");
    EXPECT_EQ(forced.shared[0].type_name, "list");
    const model::RunFacts single_phase = run_module("single_phase", python);
    const model::Phase& other = phase(single_phase, Level::forced);
    ASSERT_EQ(other.shared.size(), 1u) << told(other);
    EXPECT_EQ(other.shared[0].symbol, "error");
    EXPECT_TRUE(other.shared[0].is_exception);
  }
}

// A free list: what was an object while interpreters took turns is a block of memory after a race for it.
TEST(LeaveOutSeen, AnObjectThatWasFreedMeanwhileIsTheSame) {
  SharedObject node;
  node.symbol = "free_nodes";
  node.section = ".bss";
  SharedObject freed = node;
  freed.kind = SharedObject::Kind::block;
  freed.description = "PyMem block (32 bytes)";
  std::vector<SharedObject> found{freed};
  loader_probe::leave_out_seen(found, {node});
  EXPECT_TRUE(found.empty());
  node.offset = 8;
  found = {freed};
  loader_probe::leave_out_seen(found, {node});
  EXPECT_EQ(found, std::vector<SharedObject>{freed});
}

}  // namespace
}  // namespace isoaudit::tests
