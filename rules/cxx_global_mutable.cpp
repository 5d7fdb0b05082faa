#include "rules/rule.h"
#include "rules/variable_findings.h"

namespace isoaudit::rules {
namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  constexpr VariableWords words{
      .harm = "is a C++ object that changes after it was made, and only the GIL used to guard it",
      .fix = "guard `{}` with a std::mutex, or move it into the module state",
      .fix_of_many = "guard each with a std::mutex, or move them into the module state"};
  return source_findings(facts, VariableKind::cxx_container, model::Severity::hazard, words);
}

}  // namespace

extern constinit const Rule cxx_global_mutable{
    .slug = "cxx-global-mutable",
    .group = Group::objects,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
Objects of C++ classes with static storage that hold no Python object and are changed: containers, strings, registries.

## Why it matters
Containers move their memory when they grow. With one GIL, one thread at a time did that; interpreters with GILs of their
own change and read them at the same moment, and crash in the allocator, far from the cause.

## How to fix
A `std::mutex` around every use, reading included, or a container in the module state for each interpreter.

## What it cannot see
What happens behind pointers and references that were handed out. `std::atomic` and the mutexes themselves are left out;
an object that is changed only under a lock is advice.
)",
    .check = check,
};

}  // namespace isoaudit::rules
