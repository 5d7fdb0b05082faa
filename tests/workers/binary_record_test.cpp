#include "analyzer/records/binary_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/records/fields.h"

namespace isoaudit::analyzer {
namespace {

using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// Gives every field, however deep, a value of its own that no default has.
class Filler {
 public:
  void fill(bool& value) { value = true; }
  void fill(std::string& text) {
    ++count_;
    text = "text " + std::to_string(count_) + std::string(count_ % 40, '\0');
  }
  template <class Number>
    requires std::is_integral_v<Number>
  void fill(Number& value) {
    // Alternately small, and with every byte set.
    value = ++count_ % 2 == 0 ? static_cast<Number>(count_) : static_cast<Number>(~Number{0} - count_);
  }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void fill(Enum& value) {
    value = static_cast<Enum>(1);
  }
  template <class T>
  void fill(std::optional<T>& value) {
    fill(value.emplace());
  }
  template <class T>
  void fill(std::vector<T>& list) {
    list.resize(2);
    for (T& value : list) fill(value);
  }
  template <class Struct>
    requires std::is_class_v<Struct>
  void fill(Struct& value) {
    records::fields(value, [&](auto&... field) { (fill(field), ...); });
  }

 private:
  unsigned count_ = 0;
};

std::vector<BinaryResult> filled() {
  std::vector<BinaryResult> results;
  Filler().fill(results);
  return results;
}

void expect_same(const std::vector<BinaryResult>& a, const std::vector<BinaryResult>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].facts, b[i].facts);
    EXPECT_EQ(a[i].other_slices, b[i].other_slices);
    EXPECT_EQ(a[i].gaps, b[i].gaps);
    EXPECT_EQ(a[i].not_an_extension, b[i].not_an_extension);
  }
}

TEST(BinaryRecord, EveryFieldComesBack) {
  const std::vector<BinaryResult> results = filled();
  ASSERT_NE(results[0].facts, model::BinaryFacts{});
  const BinaryRecord record = binary_record(to_bytes(results));
  EXPECT_EQ(record.error, "");
  expect_same(record.results, results);
}

TEST(BinaryRecord, WhatIsNotThereStaysAway) {
  std::vector<BinaryResult> results(2);
  results[1].gaps = {{"a.so", "is empty"}};
  const BinaryRecord record = binary_record(to_bytes(results));
  EXPECT_EQ(record.error, "");
  expect_same(record.results, results);
}

TEST(BinaryRecord, CutShortAnywhereIsAnError) {
  const std::string bytes = to_bytes(filled());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const BinaryRecord record = binary_record(std::string_view(bytes).substr(0, size));
    ASSERT_THAT(record.error, Not(IsEmpty())) << size << " of " << bytes.size();
    ASSERT_THAT(record.results, IsEmpty());
  }
  EXPECT_THAT(binary_record(bytes + '\0').error, Not(IsEmpty()));
}

TEST(BinaryRecord, AnyByteMayBeWrong) {
  const std::string bytes = to_bytes(filled());
  std::size_t refused = 0;
  for (std::size_t place = 0; place < bytes.size(); ++place) {
    for (const char change : {'\x01', '\x80', '\xff'}) {
      std::string damaged = bytes;
      damaged[place] = static_cast<char>(damaged[place] ^ change);
      refused += binary_record(damaged).error.empty() ? 0 : 1;
    }
  }
  EXPECT_GT(refused, bytes.size() / 4);
}

TEST(BinaryRecord, AnEndlessListTakesNoMemory) {
  // An array of four thousand million elements, and nothing behind it.
  EXPECT_THAT(binary_record("\xdd\xff\xff\xff\xff").error, Not(IsEmpty()));
}

}  // namespace
}  // namespace isoaudit::analyzer
