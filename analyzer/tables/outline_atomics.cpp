#include "analyzer/tables/outline_atomics.h"

namespace isoaudit::analyzer {
namespace {

struct Row {
  std::string_view name;
  OutlineAtomic::Kind kind;
  unsigned place;
};
constexpr Row rows[] = {
    {"cas", OutlineAtomic::Kind::compare_and_swap, 2}, {"swp", OutlineAtomic::Kind::swap, 1},
    {"ldadd", OutlineAtomic::Kind::changes, 1},        {"ldclr", OutlineAtomic::Kind::changes, 1},
    {"ldeor", OutlineAtomic::Kind::changes, 1},        {"ldset", OutlineAtomic::Kind::changes, 1},
};

}  // namespace

std::optional<OutlineAtomic> outline_atomic(std::string_view function) {
  constexpr std::string_view begin = "__aarch64_";
  if (!function.starts_with(begin)) return {};
  function.remove_prefix(begin.size());
  for (const Row& row : rows) {
    if (!function.starts_with(row.name)) continue;
    const std::string_view rest = function.substr(row.name.size());
    const unsigned width = rest.empty() ? 0 : static_cast<unsigned>(rest.front() - '0');
    // A pair of registers is no one value.
    const bool known = (width == 1 || width == 2 || width == 4 || width == 8) && rest.substr(1).starts_with('_');
    if (known) return OutlineAtomic{row.kind, width, row.place};
  }
  return {};
}

}  // namespace isoaudit::analyzer
