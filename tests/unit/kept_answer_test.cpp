// A kept answer is found again for the very same question and facts only.
#include "cli/kept_answer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

namespace isoaudit::cli {
namespace {

namespace fs = std::filesystem;

struct Asked {
  Collected collected{};
  Question question{};
};

class KeptAnswers : public testing::Test {
 protected:
  ~KeptAnswers() override { fs::remove_all(folder_); }

  static Asked asked() {
    Asked asked;
    asked.collected.sources.name = "facts of sources";
    asked.collected.facts.pythons = {{.version = {3, 14}, .id = "3.14", .full_version = "3.14.1", .executable = "/p"}};
    asked.collected.facts.gaps = {{"a.c", "was not read"}};
    asked.question.renderings = {{"json", {}}};
    return asked;
  }

  KeptAnswer kept(const Asked& asked) const { return {folder_, asked.collected, asked.question}; }

  const std::string folder_ = (fs::temp_directory_path() / ("isoaudit-answers-" + std::to_string(getpid()))).string();
};

TEST_F(KeptAnswers, TheSameQuestionAgain) {
  EXPECT_FALSE(kept(asked()).find());
  kept(asked()).keep({{"text", std::string("other\0text", 10)}, findings});
  const Answer found = kept(asked()).find().value_or(Answer{});
  EXPECT_EQ(found.reports, (std::vector<std::string>{"text", std::string("other\0text", 10)}));
  EXPECT_EQ(found.status, findings);
  // Packed or not, the facts are the same.
  Asked packed = asked();
  packed.collected.sources.packed.bytes = "bytes";
  EXPECT_TRUE(kept(packed).find());
  // And without a folder there is nothing.
  const Asked same = asked();
  EXPECT_FALSE(KeptAnswer("", same.collected, same.question).find());
}

TEST_F(KeptAnswers, AnotherQuestionOrOtherFacts) {
  kept(asked()).keep({{"text"}, clean});
  const std::function<void(Asked&)> changes[] = {
      [](Asked& a) { a.collected.sources.name = "other facts"; },
      [](Asked& a) { a.collected.facts.pythons.front().full_version = "3.14.2"; },
      [](Asked& a) { a.collected.facts.pythons.front().executable = "/q"; },
      [](Asked& a) { a.collected.facts.pythons.front().free_threaded = true; },
      [](Asked& a) { a.collected.facts.pythons.push_back(a.collected.facts.pythons.front()); },
      [](Asked& a) { a.collected.facts.gaps.clear(); },
      [](Asked& a) { a.collected.facts.gaps.push_back({"b.c", ""}); },
      [](Asked& a) { a.collected.facts.gaps.front() = {"a.cwas", " not read"}; },
      [](Asked& a) { a.collected.facts.notes = {"a note"}; },
      [](Asked& a) { a.collected.facts.added_functions = {{"locale", "f", model::Severity::hazard, "harms", ""}}; },
      [](Asked& a) { a.question.select = {"locale"}; },
      [](Asked& a) { a.question.ignore = {"locale"}; },
      [](Asked& a) { a.question.fail_on = model::Severity::blocker; },
      [](Asked& a) { a.question.renderings.front().format = "text"; },
      [](Asked& a) { a.question.renderings.front().look.color = true; },
      [](Asked& a) { a.question.renderings.front().look.verbose = true; },
      [](Asked& a) { a.question.renderings.front().look.globals = true; },
      [](Asked& a) { a.question.renderings.push_back({"text", {}}); },
  };
  for (const auto& change : changes) {
    Asked other = asked();
    change(other);
    EXPECT_FALSE(kept(other).find()) << "change " << &change - changes;
  }
  EXPECT_TRUE(kept(asked()).find());
}

TEST_F(KeptAnswers, FactsThatHaveNoNameAreJudgedEachTime) {
  const std::function<void(Asked&)> changes[] = {
      [](Asked& a) { a.collected.sources.name.clear(); },
      [](Asked& a) { a.collected.facts.source_views.emplace_back(); },
      [](Asked& a) { a.collected.facts.binaries.emplace_back(); },
      [](Asked& a) { a.collected.facts.runs.emplace_back(); },
  };
  for (const auto& change : changes) {
    Asked other = asked();
    change(other);
    kept(other).keep({{"text"}, clean});
    EXPECT_FALSE(kept(other).find()) << "change " << &change - changes;
  }
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(KeptAnswers, ADamagedOneIsNone) {
  kept(asked()).keep({{"text"}, clean});
  const fs::path entry = fs::directory_iterator(folder_)->path();
  fs::resize_file(entry, fs::file_size(entry) - 1);
  EXPECT_FALSE(kept(asked()).find());
  std::fstream(entry) << "damage";
  EXPECT_FALSE(kept(asked()).find());
  kept(asked()).keep({{"text"}, clean});
  EXPECT_TRUE(kept(asked()).find());
}

}  // namespace
}  // namespace isoaudit::cli
