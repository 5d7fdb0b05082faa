// What lies on the disk: entries that are cut short, of another build, of a run that was killed, too many.
#include "analyzer/source/facts_cache.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>

#include "tests/source/facts_cache_scan.h"

namespace isoaudit::tests {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(Cache, EntriesThatAreNotWholeDoNotCount) {
  project.write("h.h", "int shared;\n");
  project.unit("a.c", "#include \"h.h\"\nint a;\n");
  project.unit("b.c", "#include \"h.h\"\nint b;\n");
  for (const char* ending : {".unit", ".lookups", ".program", ".facts"}) {
    fs::remove_all(caches.root() + "/facts");
    hits();
    ASSERT_EQ(entries(".unit").size(), 2u);
    ASSERT_FALSE(entries(".lookups").empty());
    ASSERT_EQ(entries(".program").size(), 1u);
    ASSERT_EQ(entries(".facts").size(), 1u);
    const fs::path entry = entries(ending).front();
    const std::string whole = bytes_of(entry);
    const auto damaged = [&](const std::string& bytes) {
      std::ofstream(entry, std::ios::binary) << bytes;
      if (ending == std::string(".program") || ending == std::string(".facts")) {
        // The units are whole, and the whole is joined again.
        EXPECT_EQ(hits(), 2u) << ending << " of " << bytes.size() << " bytes";
        EXPECT_EQ(bytes_of(entry), whole) << "it is written anew";
        return;
      }
      for (const fs::path& program : entries(".program")) fs::remove(program);
      EXPECT_LT(hits(), 2u) << ending << " of " << bytes.size() << " bytes";
      EXPECT_EQ(hits(), 2u) << "it is written anew";
    };
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{5}, std::size_t{30}, whole.size() / 2, whole.size() - 1}) {
      damaged(whole.substr(0, size));
    }
    damaged(whole + "x");
    for (const std::size_t place : {std::size_t{0}, std::size_t{16}, std::size_t{25}, whole.size() / 2}) {
      std::string changed = whole;
      changed[place] = static_cast<char>(changed[place] ^ 1);
      damaged(changed);
    }
  }
}

TEST_F(Cache, WhatAllUnitsSayIsKeptToo) {
  project.write("h.h", "extern int shared;\n");
  project.unit("a.c", "#include \"h.h\"\nint shared;\n");
  project.unit("b.c", "#include \"h.h\"\nvoid set(int n) { shared = n; }\n");
  hits();
  // Without the units it is enough, and with them it is not asked for more than it says.
  for (const fs::path& unit : entries(".unit")) fs::remove(unit);
  const auto kept = scan();
  EXPECT_EQ(kept.cached_units, 2u);
  ASSERT_EQ(variable(kept.facts, "shared").writes.size(), 1u);
  // One unit more or less, or one that is guessed, is another program.
  project.unit("c.c", "int c;\n");
  EXPECT_EQ(hits(), 0u);
  project.write("h.h", "extern long shared;\n");
  EXPECT_EQ(hits(), 1u);
  EXPECT_EQ(entries(".program").size(), 2u);
}

TEST_F(Cache, AProgramOfKeptAndNewUnitsHangsOnAllOfThem) {
  project.write("deep.h", "extern int shared;\n");
  project.write("h.h", "#include \"deep.h\"\n");
  project.write("own.h", "int own;\n");
  project.unit("a.c", "#include \"h.h\"\n#include \"own.h\"\nint shared;\n");
  project.unit("b.c", "#include \"h.h\"\nint b;\n");
  hits();
  for (const char* header : {"deep.h", "h.h", "own.h"}) {
    // Of the program that is kept now `a` was read in the cache and `b` in its file.
    project.unit("b.c", std::string("#include \"h.h\"\nint b; // ") + header + "\n");
    EXPECT_EQ(hits(), 1u) << header;
    EXPECT_EQ(hits(), 2u) << header;
    project.write(header, std::string("static int in_") + header[0] + ";\n");
    EXPECT_LT(hits(), 2u) << header;
    EXPECT_EQ(hits(), 2u) << header;
  }
}

TEST_F(Cache, FactsThatAreLeftPackedAreTheSame) {
  project.unit("a.c", "int a;\nvoid set(int n) { a = n; }\n");
  analyzer::SourceOptions options;
  options.cache_dir = caches.root() + "/facts";
  options.leave_packed = true;
  const auto first = project.scan(options);
  EXPECT_TRUE(first.packed.empty()) << "what was parsed is there";
  EXPECT_THAT(names(first.facts), ElementsAre("a"));
  const auto kept = project.scan(options);
  EXPECT_THAT(names(kept.facts), IsEmpty());
  EXPECT_TRUE(kept.packed.unpacked() == first.facts);
  EXPECT_FALSE(kept.facts_name.empty());
  EXPECT_EQ(kept.facts_name, first.facts_name);
  // Other facts have another name, the same have the same again.
  project.unit("a.c", "long a;\nvoid set(int n) { a = n; }\n");
  const auto changed = project.scan(options);
  EXPECT_TRUE(changed.packed.empty());
  EXPECT_NE(changed.facts_name, first.facts_name);
  project.unit("a.c", "int a;\nvoid set(int n) { a = n; } // as it was\n");
  EXPECT_EQ(project.scan(options).facts_name, first.facts_name);
  options.cache_dir.clear();
  EXPECT_EQ(project.scan(options).facts_name, "");
}

TEST_F(Cache, AProgramIsKeptWithTheFactsOfItsUnitsOrNotAtAll) {
  const std::string folder = caches.root() + "/facts";
  analyzer::FactsCache cache(folder, "");
  const std::vector<analyzer::CompileCommand> commands{{"/a.c", "/", {"cc"}}, {"/b.c", "/", {"cc"}}};
  std::vector<analyzer::UnitFacts> facts(2);
  facts[0].unit.file = "a";
  facts[1].unit.file = "b";
  const analyzer::Lookup gone{"/nothing/is/here", analyzer::Answer::missing, {}};
  const analyzer::Lookup there{"/", analyzer::Answer::folder, {}};
  const std::string shared = cache.keep_shared({there});
  cache.keep(commands[0], facts[0], {shared}, {gone});
  EXPECT_FALSE(cache.lookups_of(commands, facts)) << "of one nothing is known";
  cache.keep(commands[1], facts[1], {shared}, {});
  EXPECT_THAT(cache.lookups_of(commands, facts), ::testing::Optional(ElementsAre(there, gone)));
  // Another process has read other files since.
  facts[1].unit.file = "b, as it was before";
  EXPECT_FALSE(cache.lookups_of(commands, facts));
  facts[1].unit.file = "b";
  ASSERT_EQ(entries(".lookups").size(), 1u);
  std::ofstream(entries(".lookups").front()) << "damaged";
  EXPECT_FALSE(cache.lookups_of(commands, facts));

  cache.keep_program(commands, false, {there, gone}, {});
  EXPECT_TRUE(cache.find_program(commands, false));
  EXPECT_FALSE(cache.find_program(commands, true));
  EXPECT_FALSE(cache.find_program({commands[1], commands[0]}, false));
  EXPECT_FALSE(cache.find_program({commands[0]}, false));
  EXPECT_FALSE(analyzer::FactsCache(folder, "a newer build").find_program(commands, false));
  // The words of one command are not those of the next.
  EXPECT_FALSE(cache.find_program({{"/a.c", "/", {"cc", "/b.c", "/", "cc"}}}, false));
  cache.keep_program(commands, true, {{"/", analyzer::Answer::missing, {}}}, {});
  EXPECT_FALSE(cache.find_program(commands, true));
}

TEST_F(Cache, FactsOfAnotherBuildDoNotCount) {
  project.unit("a.c", "int a;\n");
  const std::string folder = caches.root() + "/facts";
  analyzer::FactsCache old(folder, "an older build");
  const analyzer::CompileCommand command{project.root() + "/a.c", project.root(), {"cc", "-c", "a.c"}};
  analyzer::UnitFacts facts;
  facts.unit.file = "old";
  old.keep(command, facts, {}, {});
  EXPECT_EQ(old.find(command).value_or(analyzer::UnitFacts{}).unit.file, "old");
  EXPECT_FALSE(analyzer::FactsCache(folder, "a newer build").find(command).has_value());
  analyzer::CompileCommand other = command;
  other.arguments = {"cc", "-c a.c"};
  EXPECT_FALSE(old.find(other).has_value());
}

TEST_F(Cache, WhatCannotBeKeptIsToldAndTheScanGoesOn) {
  project.unit("a.c", "int a;\n");
  project.unit("b.c", "int b;\n");
  caches.write("facts", "a file where the folder should be");
  const auto result = scan();
  EXPECT_THAT(names(result.facts), ElementsAre("a", "b"));
  EXPECT_THAT(result.gaps, IsEmpty());
  EXPECT_THAT(result.cache_trouble, ::testing::HasSubstr("facts: "));
  EXPECT_EQ(hits(), 0u);
}

TEST_F(Cache, AFullDiskLeavesNothingHalf) {
  const std::string folder = caches.root() + "/facts";
  const pid_t pid = fork();
  if (pid == 0) {
    // No file may grow beyond this: the write ends short, then fails.
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100, 100};
    setrlimit(RLIMIT_FSIZE, &limit);
    analyzer::FactsCache cache(folder, "");
    analyzer::UnitFacts facts;
    facts.unit.file = std::string(1000, 'x');
    cache.keep({"/a.c", "/", {"cc"}}, facts, {}, {});
    _exit(cache.trouble().find("File too large") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST_F(Cache, WhatAKilledRunLeavesIsNotUsedAndGoesAway) {
  project.unit("a.c", "int a;\n");
  hits();
  const fs::path left = fs::path(caches.root()) / "facts" / ".being-written-123456";
  std::ofstream(left) << "half";
  EXPECT_EQ(hits(), 1u);
  fs::last_write_time(left, fs::file_time_type::clock::now() - std::chrono::hours(2));
  project.write("a.c", "int changed;\n");
  hits();
  EXPECT_FALSE(fs::exists(left));
}

TEST_F(Cache, TheOldestEntriesGoFirst) {
  const std::string folder = caches.root() + "/facts";
  analyzer::FactsCache cache(folder, "");
  analyzer::UnitFacts facts;
  facts.unit.file = std::string(10000, 'x');
  const auto command = [](int i) { return analyzer::CompileCommand{std::to_string(i), "/", {"cc"}}; };
  const auto now = fs::file_time_type::clock::now();
  for (int i = 0; i < 10; ++i) {
    const std::vector<fs::path> before = i == 0 ? std::vector<fs::path>() : entries(".unit");
    cache.keep(command(i), facts, {}, {});
    for (const fs::path& entry : entries(".unit")) {
      if (std::ranges::find(before, entry) == before.end())
        fs::last_write_time(entry, now - std::chrono::hours(20 - i));
    }
  }
  ASSERT_TRUE(cache.find(command(0)));  // it was used: now it is the newest
  std::ofstream(folder + "/somebody else's") << std::string(100000, 'x');
  cache.trim(200000);
  EXPECT_EQ(entries(".unit").size(), 10u);
  cache.trim(60000);
  EXPECT_EQ(entries(".unit").size(), 4u);
  EXPECT_TRUE(cache.find(command(0)));
  EXPECT_TRUE(cache.find(command(9)));
  EXPECT_FALSE(cache.find(command(1)));
  EXPECT_TRUE(fs::exists(folder + "/somebody else's"));
}

TEST_F(Cache, ACrashIsNotKept) {
  project.unit("a.c", "int a;\n#pragma clang __debug crash\n");
  project.unit("b.c", "int b;\n");
  hits();
  EXPECT_EQ(hits(), 1u);
}

}  // namespace
}  // namespace isoaudit::tests
