#include "analyzer/targets/wheel_name.h"

#include <gtest/gtest.h>

namespace isoaudit::analyzer {
namespace {

struct Case {
  const char* wheel;
  const char* fits;
};

class WheelTags : public testing::TestWithParam<Case> {};

TEST_P(WheelTags, SayWhichPythonsTakeIt) {
  const auto wheel = parse_wheel_name(GetParam().wheel);
  ASSERT_TRUE(wheel.has_value());
  EXPECT_EQ(wheel->distribution, "pkg");
  std::string found;
  for (const model::PythonLayout& layout : model::python_layouts()) {
    if (!fits(*wheel, layout.version, layout.free_threaded)) continue;
    if (!found.empty()) found += ' ';
    found += layout.version.str() + (layout.free_threaded ? "t" : "");
  }
  EXPECT_EQ(found, GetParam().fits);
}

INSTANTIATE_TEST_SUITE_P(Names, WheelTags,
                         testing::Values(Case{"pkg-1.0-cp314-cp314-manylinux_2_28_x86_64.whl", "3.14"},
                                         Case{"some/where/pkg-1.0-cp314-cp314t-win_amd64.whl", "3.14t"},
                                         Case{"pkg-1.0-1build-cp313-cp313-musllinux_1_2_x86_64.whl", "3.13"},
                                         Case{"pkg-1.0-cp39-abi3-macosx_11_0_arm64.whl", "3.12 3.13 3.14 3.15"},
                                         Case{"pkg-1.0-cp314-abi3-any.whl", "3.14 3.15"},
                                         Case{"pkg-1.0-cp315-abi3.abi3t-any.whl", "3.15 3.15t"},
                                         Case{"pkg-1.0-cp312.cp313-cp312.cp313-any.whl", "3.12 3.13"},
                                         Case{"pkg-1.0-py2.py3-none-any.whl", "3.12 3.13 3.14 3.15 3.13t 3.14t 3.15t"},
                                         Case{"pkg-1.0-py314-none-any.whl", "3.14 3.15 3.14t 3.15t"},
                                         Case{"pkg-1.0-cp313-none-win_amd64.whl", "3.13 3.13t"},
                                         Case{"pkg-1.0-cp311-cp311-any.whl", ""},
                                         Case{"pkg-1.0-pp310-pypy310_pp73-any.whl", ""},
                                         Case{"pkg-1.0-py2-none-any.whl", ""}));

TEST(WheelNames, WhatIsNoneIsNone) {
  for (const char* name : {"pkg.whl", "pkg-1.0.whl", "pkg-1.0-cp314-cp314.whl", "pkg--cp314-cp314-any.whl",
                           "pkg-1.0-cp314-cp314-any.zip", "", "a-b-c-d-e-f-g.whl"}) {
    EXPECT_FALSE(parse_wheel_name(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace isoaudit::analyzer
