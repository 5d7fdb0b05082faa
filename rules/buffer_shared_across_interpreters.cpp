#include "rules/rule.h"
#include "rules/variable_findings.h"

namespace isoaudit::rules {
namespace {

std::vector<model::Finding> check(const model::Facts& facts) {
  constexpr VariableWords words{
      .harm = "keeps a pointer into an object of one interpreter",
      .fix =
          "copy what `{}` points to with malloc() or PyMem_RawMalloc(), or keep the object itself in the module state",
      .fix_of_many =
          "copy what they point to with malloc() or PyMem_RawMalloc(), or keep the objects themselves in the module "
          "state"};
  return variable_findings(facts, VariableKind::borrowed_text, model::Severity::hazard, words);
}

}  // namespace

extern constinit const Rule buffer_shared_across_interpreters{
    .slug = "buffer-shared-across-interpreters",
    .group = Group::objects,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
A global `Py_buffer`, and a global pointer that keeps what `PyUnicode_AsUTF8`, `PyBytes_AsString`, `PyBytes_AS_STRING`,
`PyByteArray_AsString` or one of their kin returned.

## Why it matters
The memory belongs to an object of one interpreter. It goes when that object goes, at the latest with its interpreter,
and a bytearray moves it; another interpreter that reads it meanwhile holds no lock that counts.

## How to fix
Copy the bytes (`malloc`, `PyMem_RawMalloc`), or keep the object in the module state and ask it again.

## What it cannot see
Pointers that a function of the project returns, and those stored through `PyBytes_AsStringAndSize`. Pointers to string
literals are no finding.
)",
    .check = check,
};

}  // namespace isoaudit::rules
