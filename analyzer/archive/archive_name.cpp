#include "analyzer/archive/archive_name.h"

#include <algorithm>
#include <array>

namespace isoaudit::analyzer {
namespace {

constexpr std::array<std::string_view, 9> endings{".whl",    ".zip", ".tar",  ".tar.gz", ".tar.bz2",
                                                  ".tar.xz", ".tgz", ".tbz2", ".txz"};

}  // namespace

bool is_zip_name(std::string_view name) { return name.ends_with(".whl") || name.ends_with(".zip"); }

bool is_archive_name(std::string_view name) {
  return std::ranges::any_of(endings, [&](std::string_view e) { return name.ends_with(e) && name.size() > e.size(); });
}

}  // namespace isoaudit::analyzer
