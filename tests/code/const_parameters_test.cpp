#include "analyzer/code/const_parameters.h"

#include <gtest/gtest.h>

namespace isoaudit::analyzer {
namespace {

TEST(ConstParameters, AreReadFromTheMangledName) {
  // std::operator+<char, ...>(char const*, std::string const&): the result's place comes first.
  const std::string plus = "_ZStplIcSt11char_traitsIcESaIcEENSt7__cxx1112basic_stringIT_T0_T1_EEPKS5_RKS8_";
  EXPECT_FALSE(takes_constant(plus, 0));
  EXPECT_TRUE(takes_constant(plus, 1));
  EXPECT_TRUE(takes_constant(plus, 2));
  EXPECT_FALSE(takes_constant(plus, 3));
  // std::string::string(std::string const&)
  const std::string copy = "_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEC1ERKS4_";
  EXPECT_FALSE(takes_constant(copy, 0));
  EXPECT_TRUE(takes_constant(copy, 1));
}

TEST(ConstParameters, WhatATemplateReturnsIsKnown) {
  // double const& std::min<double>(double const&, double const&): no place for the result comes before them
  EXPECT_TRUE(takes_constant("_ZSt3minIdERKT_S2_S2_", 0));
  EXPECT_TRUE(takes_constant("_ZSt3minIdERKT_S2_S2_", 1));
  // double std::accumulate<double const*, double>(double const*, double const*, double): nor here, nobody knows
  EXPECT_FALSE(takes_constant("_ZSt10accumulateIPKddET0_T_S3_S2_", 0));
}

TEST(ConstParameters, WhatMayBeWrittenIsNotConstant) {
  // fill(int*), fill(char const**), n::fill(int const*): the last may be a method of n
  EXPECT_FALSE(takes_constant("_Z4fillPi", 0));
  EXPECT_FALSE(takes_constant("_Z4fillPPKc", 0));
  EXPECT_FALSE(takes_constant("_ZN1n4fillEPKi", 0));
  // count(int const*, int*): either parameter may be argument 1
  EXPECT_FALSE(takes_constant("_Z5countPKiPi", 1));
  // print(char const*, ...)
  EXPECT_FALSE(takes_constant("_Z5printPKcz", 1));
  // Box::get() const: what it returns may go to argument 0
  EXPECT_FALSE(takes_constant("_ZNK3Box3getEv", 0));
  EXPECT_TRUE(takes_constant("_ZNK3Box3getEv", 1));
  // Box::get() &
  EXPECT_FALSE(takes_constant("_ZNR3Box3getEv", 1));
  EXPECT_FALSE(takes_constant("memcpy", 1));
  EXPECT_FALSE(takes_constant("_ZTV3Box", 0));
  EXPECT_FALSE(takes_constant("_Z", 0));
}

}  // namespace
}  // namespace isoaudit::analyzer
