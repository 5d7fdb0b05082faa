#include "loader_probe/inside/common_objects.h"

#include <algorithm>
#include <iterator>

#include "loader_probe/inside/emit.h"
#include "loader_probe/inside/events.h"

namespace isoaudit::inside {
namespace {

/// To ask for a name takes time: where so much is shared, some of it is named.
constexpr std::size_t kMaxLookedAt = 2000;

/// The sign of the count's low half, in 3.12 to 3.15 (Include/refcount.h, _Py_IsImmortal).
bool is_immortal(std::uintptr_t object) { return static_cast<std::int32_t>(word_at(object)) < 0; }

}  // namespace

void report_common_objects(const std::vector<Inventory>& inventories, const std::vector<ImageRange>& images,
                           const std::vector<std::uintptr_t>& known, Questions& questions) {
  const Inventory* first = nullptr;
  for (const Inventory& inventory : inventories) {
    if (!inventory.has_module()) continue;
    if (first == nullptr) {
      first = &inventory;
      continue;
    }
    std::vector<std::uintptr_t> common;
    std::set_intersection(first->objects.begin(), first->objects.end(), inventory.objects.begin(),
                          inventory.objects.end(), std::back_inserter(common));
    std::erase_if(common, [&](std::uintptr_t object) {
      return in_ranges(images, object) || is_immortal(object) || contains(known, object);
    });
    if (common.size() > kMaxLookedAt) common.resize(kMaxLookedAt);
    for (const std::uintptr_t object : common) {
      const std::string name = questions.attribute_name(inventory, object);
      if (name.empty()) continue;
      Event(events::common)
          .text("name", name)
          .raw("owners", '[' + std::to_string(first->id()) + ',' + std::to_string(inventory.id()) + ']')
          .raw("what", questions.describe(inventory, object));
    }
    return;
  }
}

}  // namespace isoaudit::inside
