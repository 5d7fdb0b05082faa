#include <gtest/gtest.h>

#include "model/module_definition.h"
#include "model/python_version.h"
#include "model/rust_name.h"
#include "model/said_of_many.h"

namespace isoaudit::model {
namespace {

TEST(HookName, ExactPrefixesOnly) {
  struct Row {
    const char* symbol;
    const char* module;  // null: no hook
    bool is_export;
  };
  const Row rows[] = {
      {"PyInit_spam", "spam", false},
      {"PyModExport_spam", "spam", true},
      {"PyInit__speedups", "_speedups", false},
      {"PyInitU_eckzbwbhc6jpgzcx415x", "＿インポートテスト", false},
      {"PyInitU_4ca", "ä", false},
      {"PyModExportU_4ca", "ä", true},
      // Names may contain other underscores: only the last separates.
      {"PyInitU_a_b_sla", "a_bä", false},
      {"PyInit_", nullptr, false},
      {"PyModInit_spam", nullptr, false},
      {"PyInitX_spam", nullptr, false},
      {"_PyInit_spam", nullptr, false},
      {"initspam", nullptr, false},
  };
  for (const Row& row : rows) {
    const auto hook = parse_hook(row.symbol);
    ASSERT_EQ(hook.has_value(), row.module != nullptr) << row.symbol;
    if (!hook) continue;
    EXPECT_EQ(hook->module, row.module) << row.symbol;
    EXPECT_EQ(hook->is_export, row.is_export) << row.symbol;
  }
}

TEST(HookName, BrokenPunycodeKeepsItsLetters) {
  const auto hook = parse_hook("PyInitU_!!");
  EXPECT_EQ(hook ? hook->module : "no hook", "!!");
}

TEST(SlotKind, EachVersionKnowsItsOwnIds) {
  EXPECT_EQ(slot_kind({3, 12}, 3), SlotKind::multiple_interpreters);
  EXPECT_EQ(slot_kind({3, 12}, 4), SlotKind::unknown);
  EXPECT_EQ(slot_kind({3, 13}, 4), SlotKind::gil);
  EXPECT_EQ(slot_kind({3, 14}, 86), SlotKind::unknown);
  EXPECT_EQ(slot_kind({3, 15}, 86), SlotKind::multiple_interpreters);
  EXPECT_EQ(slot_kind({3, 15}, 3), SlotKind::multiple_interpreters);
  EXPECT_EQ(slot_kind({3, 15}, 110), SlotKind::token);
  EXPECT_EQ(slot_kind({3, 15}, 0xffff), SlotKind::unknown);
}

TEST(PythonVersion, OnlyMajorDotMinor) {
  EXPECT_EQ(parse_python_version("3.14"), (PythonVersion{3, 14}));
  for (const char* text : {"", "3", "3.", ".14", "3.14.1", "3.14d", "x3.14", "/usr/bin/python3.14"}) {
    EXPECT_FALSE(parse_python_version(text)) << text;
  }
}

TEST(Layouts, EveryVersionFrom312) {
  for (int minor = 12; minor <= 15; ++minor) EXPECT_NE(find_layout({3, minor}, false), nullptr) << minor;
  EXPECT_EQ(find_layout({3, 11}, false), nullptr);
  EXPECT_EQ(find_layout({3, 14}, true)->module_def_base, 56U);
  EXPECT_EQ(find_layout({3, 14}, true, 4)->module_def_base, 32U);
  EXPECT_TRUE(python_layouts(2).empty());
  ASSERT_EQ(python_layouts(4).size(), python_layouts().size());
  for (std::size_t i = 0; i < python_layouts().size(); ++i) {
    EXPECT_EQ(python_layouts(4)[i].version, python_layouts()[i].version);
    EXPECT_EQ(python_layouts(4)[i].free_threaded, python_layouts()[i].free_threaded);
    EXPECT_EQ(python_layouts(4)[i].pointer_size, 4U);
  }
}

TEST(SaidOfMany, TheFixSpeaksOfThemHoweverItNamesOne) {
  const auto fix_of = [](const char* fix, const char* message) {
    Finding finding;
    finding.fix = fix;
    finding.message = message;
    return fix_for_all(finding);
  };
  EXPECT_EQ(fix_of("move `cache` away", "`cache` holds a dict"), "move them away");
  EXPECT_EQ(fix_of("move `cache` away", "`demo::Pool::cache` holds a dict"), "move them away");
  EXPECT_EQ(fix_of("move `demo::cache` away", "`demo::cache` holds a dict"), "move them away");
  EXPECT_EQ(fix_of("move `other` away", "`cache` holds a dict"), "move `other` away");
  EXPECT_EQ(fix_of("move it away", "7 variables"), "move it away");
  Finding finding;
  finding.message = "`cache` holds a dict";
  finding.fix = "make `cache` elsewhere and keep it there";
  finding.fix_of_many = "make them elsewhere and keep them there";
  EXPECT_EQ(fix_for_all(finding), finding.fix_of_many);
}

/// Left: what LLVM's demangler says of symbols of bcrypt 5.0 and others.
TEST(RustName, IsAsTheSourceSpellsIt) {
  const std::pair<const char*, const char*> rows[] = {
      {"pyo3::internal::state::POOL::hfa30729470a1c65e", "pyo3::internal::state::POOL"},
      {"_$LT$$RF$T$u20$as$u20$core..fmt..Debug$GT$::fmt::h517064feda23c8ab", "<&T as core::fmt::Debug>::fmt"},
      {"core::ops::function::FnOnce::call_once$u7b$$u7b$vtable.shim$u7d$$u7d$::h191b629ffe1fa54f",
       "core::ops::function::FnOnce::call_once{{vtable.shim}}"},
      {"std::sys::_print_fmt::_$u7b$$u7b$closure$u7d$$u7d$::h7e0c47b5c029f137", "std::sys::_print_fmt::{{closure}}"},
      {"core::ptr::drop_in_place$LT$$u5b$$LP$u8$C$$BP$const$u20$u8$RP$$u5d$$GT$::ha35e816e30d3bbc2",
       "core::ptr::drop_in_place<[(u8,*const u8)]>"},
      {"demo::CACHE::h0123456789abcdef (.llvm.77058)", "demo::CACHE (.llvm.77058)"},
      // No escapes that are known, and no end of one.
      {"demo::a$XY$b$u0$c$::h0123456789abcdef", "demo::a$XY$b$u0$c$"},
      // No Rust.
      {"demo::h0123456789abcde", "demo::h0123456789abcde"},
      {"demo::x0123456789abcdef", "demo::x0123456789abcdef"},
      {"h0123456789abcdef", "h0123456789abcdef"},
      {"demo$LT$::cache", "demo$LT$::cache"},
      {"", ""}};
  for (const auto& [demangled, expected] : rows) EXPECT_EQ(rust_name(demangled), expected) << demangled;
}

}  // namespace
}  // namespace isoaudit::model
