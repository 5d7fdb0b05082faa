#include "rules/rule.h"
#include "rules/variable_findings.h"

namespace isoaudit::rules {
namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  constexpr VariableWords words{.harm = "is one Python object for all interpreters",
                                .fix = "allocate `{}` in the exec function and keep it in the module state",
                                .fix_of_many = "allocate them in the exec function and keep them in the module state"};
  return variable_findings(facts, VariableKind::static_instance, model::Severity::hazard, words);
}

}  // namespace

extern constinit const Rule static_instance{
    .slug = "static-instance",
    .group = Group::objects,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
A Python object that is itself a static variable: `static FooObject x = {PyObject_HEAD_INIT(&FooType)}`.

## Why it matters
All interpreters share its data and, before Python 3.13, its reference count.

## How to fix
Allocate it in each interpreter and keep it in the module state.

## What it cannot see
Objects placed into raw static buffers by hand.
)",
    .check = check,
};

}  // namespace isoaudit::rules
