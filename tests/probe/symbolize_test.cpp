#include "loader_probe/host/symbolize.h"

#include <gtest/gtest.h>

namespace isoaudit::tests {
namespace {

TEST(Symbolizer, WhatCannotBeReadNamesNothing) {
  for (const char* path : {"/nonexistent", "/etc/passwd", "/dev/null"}) {
    const loader_probe::Place place = loader_probe::Symbolizer(path).find(0x1234, false);
    EXPECT_EQ(place.symbol, "");
    EXPECT_EQ(place.section, "");
    EXPECT_EQ(place.offset, 0x1234u);
  }
}

}  // namespace
}  // namespace isoaudit::tests
