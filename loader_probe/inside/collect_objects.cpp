#include "loader_probe/inside/collect_objects.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string>

#include "loader_probe/inside/argument_parsers.h"
#include "loader_probe/inside/common_objects.h"
#include "loader_probe/inside/emit.h"
#include "loader_probe/inside/events.h"
#include "loader_probe/inside/inventory.h"
#include "loader_probe/inside/python_blocks.h"
#include "loader_probe/inside/tables.h"

namespace isoaudit::inside {
namespace {

std::uintptr_t address_of(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

/// Readable memory that belongs to no file: the heaps and arenas where objects live.
std::vector<ImageRange> anonymous_memory() {
  std::vector<ImageRange> ranges;
  std::FILE* maps = std::fopen("/proc/self/maps", "re");
  if (!maps) return ranges;
  char line[4096];
  while (std::fgets(line, sizeof line, maps)) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    char rights[5] = {};
    unsigned long inode = 0;
    // Two addresses, the rights, an offset, a device and the inode.
    // NOLINTNEXTLINE(cert-err34-c): the kernel writes this file
    if (std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %lu", &begin, &end, rights, &inode) != 4) continue;
    if (inode == 0 && rights[0] == 'r' && rights[1] == 'w') ranges.push_back({begin, end});
  }
  std::fclose(maps);
  return ranges;
}

// A reference count that CPython 3.12 to 3.15 could have written: mortal ones are small, with nothing in the next 16
// bits (3.14 keeps flags above those); immortal ones have the sign bit of the low half set.
bool plausible_refcount(std::uint64_t word) {
  const auto low = static_cast<std::uint32_t>(word);
  const auto middle = static_cast<std::uint16_t>(word >> 32);
  if (low & 0x80000000u) return low >= 0xC0000000u;
  return low != 0 && low < (1u << 28) && middle == 0;
}

class Scan {
 public:
  Scan(const std::vector<Inventory>& inventories, Watched& watched, Questions& questions, bool looks_into_tables)
      : inventories_(inventories),
        watched_(watched),
        questions_(questions),
        heap_(anonymous_memory()),
        looks_into_tables_(looks_into_tables) {
    for (const Inventory& inventory : inventories) {
      types_.insert(types_.end(), inventory.types.begin(), inventory.types.end());
    }
    sort_unique(types_);
  }

  std::size_t words() const { return words_; }
  /// The objects that were reported, sorted.
  const std::vector<std::uintptr_t>& reported() {
    sort_unique(reported_);
    return reported_;
  }

  /// Objects that lie inside the watched memory, whatever their reference count says (3.14 makes static types
  /// immortal).
  void find_static_objects() {
    for (const Region& region : watched_.regions()) {
      if (region.thread_local_) continue;
      std::vector<std::uintptr_t> here;
      for (const Inventory& inventory : inventories_) {
        const auto& objects = inventory.objects;
        for (auto at = std::lower_bound(objects.begin(), objects.end(), region.address);
             at != objects.end() && *at < region.address + region.size; ++at) {
          here.push_back(*at);
        }
      }
      sort_unique(here);
      for (const std::uintptr_t object : here) report(events::shared_static, region, object - region.address, object);
    }
  }

  void find_held_objects() {
    for (const Region& region : watched_.regions()) {
      for (std::size_t offset = 0; offset + 8 <= region.size; offset += 8) {
        ++words_;
        const std::uintptr_t value = word_at(region.address + offset);
        if (value % 8 != 0 || value < 65536 || value >> 47 != 0) continue;
        // What lies in a file's own memory is that file's static object: builtin types, None, small integers are the
        // interpreter's, and shared by right.
        if (in_ranges(watched_.images(), value)) continue;
        if (report_state(region, offset, value)) continue;
        if (owned(value) || looks_like_object(value)) {
          if (word_at(value + 8) == address_of(&PyTuple_Type) &&
              is_in_argument_parser(region, offset, watched_.images())) {
            Event(events::argument_parser)
                .number("image", region.image)
                .number("vaddr", static_cast<std::int64_t>(region.vaddr + offset - kKeywordsInArgumentParser))
                .number("size", kArgumentParserSize);
            continue;
          }
          report(events::shared_holds, region, offset, value);
          reported_.push_back(value);
        } else if (const auto block = python_block_at(value, heap_)) {
          report_block(region, offset, *block);
        } else if (looks_into_tables_) {
          look_into_table(region, offset, value);
        }
      }
    }
  }

 private:
  bool owned(std::uintptr_t object) const {
    return std::any_of(inventories_.begin(), inventories_.end(),
                       [&](const Inventory& inventory) { return contains(inventory.objects, object); });
  }

  // An object that nothing but a C variable refers to is in no inventory: no other object leads there. It must lie in
  // memory of no file, begin with a possible reference count, and its type must be one that some interpreter has. The
  // second word alone would not do: PyDateTime_CAPI has a type there.
  bool looks_like_object(std::uintptr_t address) const {
    if (!in_ranges(heap_, address, 16)) return false;
    if (!plausible_refcount(word_at(address))) return false;
    const std::uint64_t type = word_at(address + 8);
    if (!contains(types_, type)) return false;
    // What the collector tracks has its head before it: where a block begins, no such object does.
    auto* const kind = reinterpret_cast<PyTypeObject*>(type);  // NOLINT(performance-no-int-to-ptr)
    const bool has_head = (PyType_GetFlags(kind) & Py_TPFLAGS_HAVE_GC) != 0;
    return !has_head || (malloc_block(address, heap_) == 0 && !python_block_at(address, heap_));
  }

  bool report_state(const Region& region, std::size_t offset, std::uintptr_t value) const {
    for (const Inventory& inventory : inventories_) {
      const bool is_thread = value == address_of(inventory.interpreter->thread_state());
      if (!is_thread && value != address_of(inventory.state)) continue;
      const char* type = is_thread ? "PyThreadState" : "PyInterpreterState";
      emit(events::shared_holds, region, offset, '[' + std::to_string(inventory.interpreter->id()) + ']',
           '[' + quote(type) + ',' + quote(type) + ",false,false,false,0]");
      return true;
    }
    return false;
  }

  // Memory that malloc gave out and nobody has filled yet shows who had it before: only what is the module's own says
  // that the table is.
  void look_into_table(const Region& region, std::size_t offset, std::uintptr_t value) const {
    for (const LeadsTo& found : one_sided_table(value, inventories_, heap_)) {
      if (!questions_.is_modules_own(*found.owner, found.object)) continue;
      emit(events::shared_leads_to, region, offset, '[' + std::to_string(found.owner->id()) + ']',
           questions_.describe(*found.owner, found.object));
      return;
    }
  }

  // Whose allocator it is from, the objects beside it tell: those of one pool are one interpreter's.
  void report_block(const Region& region, std::size_t offset, const PythonBlock& block) const {
    std::string owners;
    for (const Inventory& inventory : inventories_) {
      const auto& objects = inventory.objects;
      const auto beside = std::lower_bound(objects.begin(), objects.end(), block.pool.begin);
      if (beside == objects.end() || *beside >= block.pool.end) continue;
      if (!owners.empty()) owners += ',';
      owners += std::to_string(inventory.interpreter->id());
    }
    emit(events::shared_block, region, offset, '[' + owners + ']',
         "[\"\"," + quote("PyMem block (" + std::to_string(block.size) + " bytes)") + ",false,false,false,0]");
  }

  void report(const char* kind, const Region& region, std::size_t offset, std::uintptr_t object) const {
    std::string owners;
    const Inventory* teller = nullptr;
    const auto add_owner = [&](const Inventory& inventory) {
      if (!owners.empty()) owners += ',';
      owners += std::to_string(inventory.interpreter->id());
      if (!teller) teller = &inventory;
    };
    for (const Inventory& inventory : inventories_) {
      if (contains(inventory.objects, object)) add_owner(inventory);
    }
    if (!teller) {
      // Its type, when made at run time, tells whose it is.
      const std::uintptr_t type = word_at(object + 8);
      if (!in_ranges(watched_.images(), type)) {
        for (const Inventory& inventory : inventories_) {
          if (contains(inventory.types, type)) add_owner(inventory);
        }
      }
    }
    if (!teller) teller = &inventories_.back();
    emit(kind, region, offset, '[' + owners + ']', questions_.describe(*teller, object));
  }

  static void emit(const char* kind, const Region& region, std::size_t offset, const std::string& owners,
                   const std::string& what) {
    Event(events::shared)
        .text("kind", kind)
        .number("image", region.image)
        .number("vaddr", static_cast<std::int64_t>(region.vaddr + offset))
        .flag("tls", region.thread_local_)
        .raw("owners", owners)
        .raw("what", what);
  }

  const std::vector<Inventory>& inventories_;
  Watched& watched_;
  Questions& questions_;
  std::vector<ImageRange> heap_;
  std::vector<std::uintptr_t> types_{};
  std::vector<std::uintptr_t> reported_{};
  bool looks_into_tables_;
  std::size_t words_ = 0;
};

}  // namespace

void scan_ownership(const std::vector<const Interpreter*>& live, Watched& watched, Looks looks) {
  step(events::step_scan, 0, 0);
  const Timed timed(events::step_scan);
  watched.refresh();
  std::vector<Inventory> inventories;
  inventories.reserve(live.size());
  std::size_t objects = 0;
  for (const Interpreter* interpreter : live) {
    Inventory inventory = take_inventory(*interpreter);
    objects += inventory.objects.size();
    inventories.push_back(std::move(inventory));
  }
  Questions questions;
  Scan scan(inventories, watched, questions, looks == Looks::also_behind_globals);
  scan.find_static_objects();
  scan.find_held_objects();
  if (looks == Looks::also_behind_globals) {
    report_common_objects(inventories, watched.images(), scan.reported(), questions);
  }
  Event(events::scanned)
      .number("interpreters", static_cast<std::int64_t>(live.size()))
      .number("objects", static_cast<std::int64_t>(objects))
      .number("words", static_cast<std::int64_t>(scan.words()));
}

}  // namespace isoaudit::inside
