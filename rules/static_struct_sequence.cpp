#include "rules/api_calls.h"
#include "rules/rule.h"

namespace isoaudit::rules {

namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  return api_findings(facts, "static-struct-sequence", {.fix = "keep the type in the module state"});
}

}  // namespace

extern constinit const Rule static_struct_sequence{
    .slug = "static-struct-sequence",
    .group = Group::objects,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
Uses of `PyStructSequence_InitType` and `PyStructSequence_InitType2`.

## Why it matters
They fill a static type that all interpreters share. The usual test `if (T.tp_name == NULL)` races: concurrent imports
end in `SystemError: Objects/structseq.c: bad argument to internal function` (3.14, 3.15) or in a crash (3.12).

## How to fix
`PyStructSequence_NewType` in the exec function, with the type in the module state.

## What it cannot see
A lock or a once-flag around the call; the type stays shared then.
)",
    .check = check,
};

}  // namespace isoaudit::rules
