// An interpreter that was started before it was known for what: what it tells of a module is what one that is started
// for the module tells, also where it is no copy but the child itself.
#include "loader_probe/host/server_ahead.h"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <csignal>

#include "loader_probe/host/fork_server.h"
#include "loader_probe/host/interpreter_request.h"
#include "loader_probe/host/sandbox.h"
#include "loader_probe/inside/events.h"
#include "tests/probe/micro_modules.h"

namespace isoaudit::tests {
namespace {

struct Row {
  const char* module;
  bool sandbox;
};

class ServedAhead : public testing::TestWithParam<Row> {};

TEST_P(ServedAhead, TellsTheSame) {
  loader_probe::ProbeOptions options = probe_options();
  options.evidence = false;
  options.sandbox = GetParam().sandbox;
  if (GetParam().module == std::string("hangs")) options.timeout = 1;
  for (const model::Interpreter& python : {interpreters().front(), interpreters().back()}) {
    SCOPED_TRACE(python.id);
    const model::RunFacts expected = run_module(GetParam().module, python, options);
    loader_probe::ProbeOptions served = options;
    loader_probe::ServerAhead ahead(python.executable, options);
    ASSERT_NE(ahead.answers(), "");
    served.ahead = &ahead;
    const model::RunFacts run = run_module(GetParam().module, python, served);
    ASSERT_EQ(run.phases.size(), expected.phases.size());
    for (std::size_t i = 0; i < run.phases.size(); ++i) {
      EXPECT_EQ(told(run.phases[i]), told(expected.phases[i])) << to_string(run.phases[i].level);
    }
    EXPECT_EQ(ahead.take(python.executable), nullptr);
  }
}

INSTANTIATE_TEST_SUITE_P(Probe, ServedAhead,
                         testing::Values(Row{"clean", true}, Row{"clean", false}, Row{"no_slot", true},
                                         Row{"crashes_in_exec", true}, Row{"crashes_in_exec", false},
                                         Row{"aborts", true}, Row{"exits", true}, Row{"exits", false},
                                         Row{"hangs", true}, Row{"closes_descriptors", true},
                                         Row{"leaves_process", true}, Row{"prints_much", true}),
                         [](const auto& row) {
                           return std::string(row.param.module) + (row.param.sandbox ? "" : "_without_sandbox");
                         });

/// One level of a module, as the host orders it.
std::string configuration(const loader_probe::ProbeInput& input) {
  using namespace loader_probe;
  std::string bytes;
  const std::string rows[][2] = {{events::config_token, "t"},
                                 {events::config_level, events::level_concurrent},
                                 {events::config_module, input.module},
                                 {events::config_path, input.path},
                                 {events::config_root, input.import_root},
                                 {events::config_interpreters, "2"},
                                 {events::config_rounds, "1"},
                                 {events::config_evidence, "0"}};
  for (const auto& row : rows) {
    for (const std::string& word : row) bytes.append(word).push_back('\0');
  }
  return bytes;
}

// The server itself becomes the last child. A signal that ends it is its own: nobody else could have sent one.
TEST(ForkServer, TheLastChildIsTheServerItself) {
  loader_probe::ProbeOptions options = probe_options();
  options.evidence = false;
  const model::Interpreter python = interpreters().back();
  for (const std::string& sandbox : {loader_probe::find_sandbox().program, std::string()}) {
    const auto last = [&](const char* module, double seconds) {
      loader_probe::ForkServer server(
          loader_probe::serving_interpreter(python.executable, options, options.probe_library, sandbox));
      loader_probe::Limits limits;
      limits.seconds = seconds;
      const std::string orders = configuration(build_module(module, python));
      const auto result = server.run_last(orders, limits);
      EXPECT_FALSE(server.run(orders, limits)) << module;
      EXPECT_FALSE(server.run_last(orders, limits)) << module;
      return result.value_or(loader_probe::ChildResult{});
    };
    const loader_probe::ChildResult clean = last("clean", 30);
    EXPECT_EQ(clean.wait_status, 0);
    EXPECT_THAT(clean.events, testing::HasSubstr("\"end\""));
    const loader_probe::ChildResult aborted = last("crashes_isolated", 30);
    EXPECT_TRUE(WIFSIGNALED(aborted.wait_status)) << aborted.wait_status;
    EXPECT_EQ(WTERMSIG(aborted.wait_status), SIGABRT);
    EXPECT_TRUE(last("hangs", 1).timed_out);
    const loader_probe::ChildResult left = last("leaves", 30);
    EXPECT_EQ(left.wait_status, 0);
    EXPECT_THAT(left.events, testing::Not(testing::HasSubstr("\"end\"")));
  }
}

}  // namespace
}  // namespace isoaudit::tests
