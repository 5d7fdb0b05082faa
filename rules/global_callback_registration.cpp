#include <fmt/format.h>

#include <map>
#include <string>
#include <tuple>

#include "rules/generated.h"
#include "rules/link_units.h"
#include "rules/rule.h"

namespace isoaudit::rules {
namespace {

using model::Finding;

std::vector<Finding> check(const model::Facts& facts) {
  const UnitLinks links(facts);
  std::map<std::tuple<std::string, std::string, bool>, std::size_t> homes;
  std::vector<Finding> findings;
  for (const model::HandedCallback& handed : facts.source.handed_callbacks) {
    const std::string module = links.primary_module(handed.unit);
    // No one else's C functions are called like Cython's.
    const std::string callback = in_users_words("cython", handed.callback + "()");
    const model::Because because{model::EvidenceKind::source,
                                 fmt::format("`{}` gets the callback {} here", handed.api, callback), handed.where};
    const auto [home, is_new] = homes.try_emplace({module, handed.api, handed.on_own_handle}, findings.size());
    if (!is_new) {
      findings[home->second].because.push_back(because);
      continue;
    }
    Finding finding;
    // Who made the handle ends it, and with it the callback.
    finding.severity = handed.on_own_handle ? model::Severity::advice : model::Severity::hazard;
    finding.status = model::Status::possible;
    finding.subject = {handed.api, handed.api, handed.unit, ""};
    finding.module = module;
    finding.where = handed.where;
    finding.message = fmt::format("`{}` is given the callback {} and an object of one interpreter{}", handed.api,
                                  callback, handed.on_own_handle ? ", kept by a handle that no static holds" : "");
    finding.fix =
        handed.on_own_handle
            ? "nothing to change where the handle ends before its interpreter and only that one's threads use it"
            : "let the callback enter the interpreter that registered it, and take it back before that ends";
    finding.because.push_back(because);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern constinit const Rule global_callback_registration{
    .slug = "global-callback-registration",
    .group = Group::process,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
Calls that hand a function of the extension, together with a Python object, to a library: a callback is registered.

## Why it matters
The library keeps both, often for the whole process, and calls from a thread of its choice. The object belongs to the
interpreter that registered it: when that interpreter has ended it is gone, and before that the callback has to enter
exactly that interpreter. `PyGILState_Ensure` enters the main one instead.

## How to fix
Keep the interpreter beside the object (`PyInterpreterState_Get` where it is registered, a new thread state of that
interpreter in the callback; from 3.15 `PyInterpreterView`), and take the callback back in `m_free` or where the object ends.
Where a handle gets both that no static holds, it is advice: nothing has to change as long as the handle ends before its
interpreter.

## What it cannot see
Whether the library calls back before it returns, on which thread, and whether the callback is taken back: a callback
that lives as long as a handle of one interpreter is right. Callbacks without an object are not looked at.
)",
    .check = check,
};

}  // namespace isoaudit::rules
