#include "rules/rule.h"
#include "rules/variable_findings.h"

namespace isoaudit::rules {
namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  constexpr VariableWords words{
      .harm = "holds an object for each thread, but one thread can run several interpreters",
      .fix = "move `{}` into the module state, or key it by PyInterpreterState_GetID()",
      .fix_of_many = "move them into the module state, or key them by PyInterpreterState_GetID()",
      .maybe = "may hold an object for each thread, but one thread can run several interpreters"};
  return variable_findings(facts, VariableKind::thread_local_object, model::Severity::hazard, words);
}

}  // namespace

extern constinit const Rule thread_local_pyobject{
    .slug = "thread-local-pyobject",
    .group = Group::objects,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
A thread-local variable that holds a Python object, or leads to one: through a pointer to memory that is the thread's.

## Why it matters
One OS thread can run several interpreters in turn: the second finds the first one's object.

## How to fix
Use the module state or a `contextvars.ContextVar`, or key by `PyInterpreterState_GetID`.

## What it cannot see
Values kept through `PyThread_tss_set`.
)",
    .check = check,
};

}  // namespace isoaudit::rules
