#include "analyzer/code/neighbours.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace isoaudit::analyzer {
namespace {

using model::CodeWrite;
using model::StoredValue;
using Rows = std::vector<std::tuple<std::uint64_t, std::uint64_t, std::string>>;

std::pair<std::size_t, CodeWrite> store(std::uint64_t offset, std::uint64_t size, const std::string& stored = "") {
  CodeWrite write;
  write.section = ".bss";
  write.offset = offset;
  write.size = size;
  write.stored = stored;
  write.value = stored.empty() ? StoredValue::unknown : StoredValue::constant;
  return {7, write};
}

Rows cut(std::vector<std::pair<std::size_t, CodeWrite>> writes) {
  cut_at_neighbours(writes);
  Rows rows;
  for (const auto& [index, write] : writes) {
    EXPECT_EQ(index, 7u);
    rows.emplace_back(write.offset, write.size, write.stored);
  }
  std::ranges::sort(rows);
  return rows;
}

TEST(Neighbours, NarrowStoresTellThemApart) {
  EXPECT_EQ(cut({store(0, 16, "0x1 0x2"), store(0, 8), store(8, 8)}),
            (Rows{{0, 8, ""}, {0, 8, "0x1"}, {8, 8, ""}, {8, 8, "0x2"}}));
  // Half of what one constant tells.
  EXPECT_EQ(cut({store(8, 8, "0x500000003"), store(12, 4, "0x5")}),
            (Rows{{8, 4, "0x3"}, {12, 4, "0x5"}, {12, 4, "0x5"}}));
  EXPECT_EQ(cut({store(0, 2, "0x100"), store(0, 1, "0x0"), store(1, 1, "0x1")}),
            (Rows{{0, 1, "0x0"}, {0, 1, "0x0"}, {1, 1, "0x1"}, {1, 1, "0x1"}}));
}

TEST(Neighbours, WhatEachPartHoldsIsKnown) {
  auto links = store(0, 16, ".bss+0x40 0x0");
  links.second.value = StoredValue::static_address;
  EXPECT_EQ(cut({links, store(0, 8), store(8, 8)}), (Rows{{0, 8, ""}, {0, 8, ".bss+0x40"}, {8, 8, ""}, {8, 8, "0x0"}}));
  EXPECT_EQ(cut({links, store(0, 4), store(4, 4), store(8, 8)}),
            (Rows{{0, 4, ""}, {0, 4, ""}, {4, 4, ""}, {4, 4, ""}, {8, 8, ""}, {8, 8, "0x0"}}));
  std::vector<std::pair<std::size_t, CodeWrite>> writes{links, store(8, 8)};
  cut_at_neighbours(writes);
  ASSERT_EQ(writes.size(), 3u);
  EXPECT_EQ(writes[0].second.value, StoredValue::static_address);
  EXPECT_EQ(writes[1].second.value, StoredValue::constant);
}

/// What a wide store alone fills is one variable, beside those that others fill.
TEST(Neighbours, WhatOneStoreFillsIsOne) {
  EXPECT_EQ(cut({store(0, 16, "0x0 0x0")}), (Rows{{0, 16, "0x0 0x0"}}));
  EXPECT_EQ(cut({store(0, 32, "0x0 0x0 0x0 0x0"), store(8, 8)}),
            (Rows{{0, 8, "0x0"}, {8, 8, ""}, {8, 8, "0x0"}, {16, 16, "0x0 0x0"}}));
  // The wider one is cut where the narrower one is.
  EXPECT_EQ(cut({store(0, 32), store(0, 16), store(0, 8)}),
            (Rows{{0, 8, ""}, {0, 8, ""}, {0, 8, ""}, {8, 8, ""}, {8, 8, ""}, {16, 16, ""}}));
}

TEST(Neighbours, WhatOverlapsIsOneVariable) {
  EXPECT_EQ(cut({store(0, 16), store(0, 8), store(4, 8)}), (Rows{{0, 8, ""}, {0, 16, ""}, {4, 8, ""}}));
  EXPECT_EQ(cut({store(0, 8), store(4, 8)}), (Rows{{0, 8, ""}, {4, 8, ""}}));
  // A flag in a number.
  EXPECT_EQ(cut({store(0, 4, "0x0"), store(1, 1)}), (Rows{{0, 4, "0x0"}, {1, 1, ""}}));
}

TEST(Neighbours, ATableIsOneVariable) {
  EXPECT_EQ(cut({store(0, 16), store(0, 4), store(0, 0)}), (Rows{{0, 0, ""}, {0, 4, ""}, {0, 16, ""}}));
  auto passed = store(8, 0);
  passed.second.passed_to = "fill";
  EXPECT_EQ(cut({store(0, 16), store(0, 8), passed}), (Rows{{0, 8, ""}, {0, 16, ""}, {8, 0, ""}}));
}

TEST(Neighbours, NamesAndSectionsTellVariablesApartAlready) {
  auto named = store(0, 16);
  named.second.symbol = "pair";
  EXPECT_EQ(cut({named, store(0, 8)}), (Rows{{0, 8, ""}, {0, 16, ""}}));
  auto other = store(0, 8);
  other.second.section = ".data";
  EXPECT_EQ(cut({store(0, 16), other}), (Rows{{0, 8, ""}, {0, 16, ""}}));
}

}  // namespace
}  // namespace isoaudit::analyzer
