// Reading the machine code of Windows and macOS modules: their functions, their calls, their initialisers.
#include <algorithm>

#include "analyzer/code/functions.h"
#include "tests/code/collect_code_of_file.h"
#include "tests/image/build_foreign.h"

namespace isoaudit::analyzer {
namespace {

using tests::ForeignFolder;

constexpr const char* source = R"(
IMPORT void *PyErr_NewException(const char *, void *, void *);
static void *error;
static int counts[8];
__attribute__((noinline)) static void count(int *where, int i) { where[i] += 1; }
EXPORT void work(int i) { count(counts, i); }
EXPORT int make(void) { error = PyErr_NewException("demo.Error", 0, 0); return error != 0; }
EXPORT int look(void) { return counts[0]; }
)";

std::vector<std::string> offsets(const model::CodeFacts& facts) {
  std::vector<std::string> places;
  for (const model::CodeWrite& write : facts.writes) {
    places.push_back((write.result_of.empty() ? write.passed_to.empty() ? "stored" : "passed" : write.result_of));
  }
  std::ranges::sort(places);
  return places;
}

TEST(ForeignCode, FindsWhatWindowsModulesWrite) {
  const ForeignFolder folder;
  for (const char* machine : {"x86_64", "aarch64"}) {
    const model::CodeFacts facts = collect_code(folder.build_windows("demo.pyd", source, machine));
    ASSERT_TRUE(facts.read) << facts.why_not;
    EXPECT_EQ(offsets(facts), (std::vector<std::string>{"PyErr_NewException", "stored"})) << machine;
    for (const model::CodeWrite& write : facts.writes) EXPECT_EQ(write.section, ".bss");
  }
}

TEST(ForeignCode, FindsWhatMacModulesWriteByName) {
  const ForeignFolder folder;
  for (const char* machine : {"x86_64", "arm64"}) {
    const model::CodeFacts facts = collect_code(folder.build_macos("demo.so", source, machine));
    ASSERT_TRUE(facts.read) << facts.why_not;
    ASSERT_EQ(facts.writes.size(), 2u) << machine;
    const auto error = std::ranges::find(facts.writes, "error", &model::CodeWrite::symbol);
    ASSERT_NE(error, facts.writes.end());
    EXPECT_EQ(error->function, "make");
    EXPECT_EQ(error->result_of, "PyErr_NewException");
    EXPECT_NE(std::ranges::find(facts.writes, "counts", &model::CodeWrite::symbol), facts.writes.end());
  }
}

TEST(ForeignCode, KnowsWhatOnlyTheLoaderRuns) {
  const ForeignFolder folder;
  const std::string once =
      "static volatile int set;\n__attribute__((constructor)) static void begin(void) { set = 1; }\n"
      "EXPORT int look(void) { return set; }\n";
  for (const bool chained : {true, false}) {
    const model::CodeFacts facts = collect_code(folder.build_macos("demo.so", once, "arm64", chained));
    ASSERT_EQ(facts.writes.size(), 1u);
    EXPECT_TRUE(runs_at_load(facts.writes.front()));
  }
  // Windows: what the entry point reaches, directly and through the runtime's table of initialisers.
  const std::string entry = R"(
typedef void (*Init)(void);
IMPORT void _initterm(Init *from, Init *to);
static volatile int direct, listed, both;
static void first(void) { listed = 1; }
static void second(void) { both = 1; }
static Init table[] = {first, second};
EXPORT int begin(void) { second(); return direct + listed + both; }
int start(void *m, int why, void *r) { direct = 1; _initterm(table, table + 2); return 1; }
)";
  const auto constructors = [&](const std::string& link) {
    const model::CodeFacts facts = collect_code(folder.build_windows("demo.pyd", entry, "x86_64", link));
    EXPECT_TRUE(facts.read) << facts.why_not;
    return std::pair(facts.writes.size(), std::ranges::count_if(facts.writes, runs_at_load));
  };
  EXPECT_EQ(constructors("/noentry").second, 0);
  const auto [all, by_loader] = constructors("/entry:start");
  EXPECT_EQ(all - by_loader, 1u);
  EXPECT_GE(by_loader, 2);
}

TEST(ForeignCode, CutsCodeIntoFunctions) {
  const ForeignFolder folder;
  const auto names = [](const std::string& path) {
    const ImageResult read = read_image(map_file(path).file);
    EXPECT_TRUE(read.image) << read.error;
    std::vector<std::string> found;
    for (const FunctionRange& range : find_functions(*read.image)) {
      EXPECT_LT(range.begin, range.end);
      if (!range.name.empty()) found.push_back(range.name);
    }
    std::ranges::sort(found);
    return found;
  };
  EXPECT_EQ(names(folder.build_macos("demo.so", source)), (std::vector<std::string>{"count", "look", "make", "work"}));
  EXPECT_EQ(names(folder.build_windows("demo.pyd", source)), (std::vector<std::string>{"look", "make", "work"}));
}

}  // namespace
}  // namespace isoaudit::analyzer
