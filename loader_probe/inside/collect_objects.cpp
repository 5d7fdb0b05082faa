#include "loader_probe/inside/collect_objects.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string>
#include <unordered_set>

#include "loader_probe/inside/emit.h"
#include "loader_probe/inside/events.h"

namespace isoaudit::inside {
namespace {

// Steps of tp_traverse behind what the collector tracks: strings in an untracked tuple in an untracked dict.
constexpr int kDepth = 4;

/// One interpreter's objects as plain addresses: they are compared, never followed.
struct Inventory {
  const Interpreter* interpreter = nullptr;
  PyInterpreterState* state = nullptr;
  std::vector<std::uintptr_t> objects{};
  std::vector<std::uintptr_t> types{};
};

std::uintptr_t address_of(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

/// Makes an interpreter current for a scope with a thread state of this thread.
class Visit {
 public:
  explicit Visit(PyInterpreterState* state) : state_(PyThreadState_New(state)) { PyEval_RestoreThread(state_); }
  ~Visit() {
    PyThreadState_Clear(state_);
    PyEval_SaveThread();
    PyThreadState_Delete(state_);
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

 private:
  PyThreadState* state_;
};

void sort_unique(std::vector<std::uintptr_t>& addresses) {
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
}

bool contains(const std::vector<std::uintptr_t>& sorted, std::uintptr_t address) {
  return std::binary_search(sorted.begin(), sorted.end(), address);
}

void collect(Inventory& inventory) {
  std::unordered_set<std::uintptr_t> seen;
  seen.reserve(1 << 17);
  PyObject* gc = PyImport_ImportModule("gc");
  PyObject* frontier = gc ? PyObject_CallMethod(gc, "get_objects", nullptr) : nullptr;
  PyObject* get_referents = gc ? PyObject_GetAttrString(gc, "get_referents") : nullptr;

  const auto add = [&](PyObject* object) {
    if (!seen.insert(address_of(object)).second) return false;
    inventory.objects.push_back(address_of(object));
    // Static types are not tracked and instances of them do not visit them.
    PyObject* type = reinterpret_cast<PyObject*>(Py_TYPE(object));
    if (seen.insert(address_of(type)).second) inventory.objects.push_back(address_of(type));
    inventory.types.push_back(address_of(type));
    if (PyType_GetFlags(Py_TYPE(object)) & Py_TPFLAGS_TYPE_SUBCLASS) inventory.types.push_back(address_of(object));
    return true;
  };

  for (int depth = 0; frontier && depth < kDepth; ++depth) {
    PyObject* fresh = PyList_New(0);
    const Py_ssize_t count = PyList_Size(frontier);
    for (Py_ssize_t i = 0; i < count; ++i) {
      PyObject* object = PyList_GetItem(frontier, i);
      if (add(object)) PyList_Append(fresh, object);
    }
    Py_DecRef(frontier);
    PyObject* arguments = PyList_AsTuple(fresh);
    Py_DecRef(fresh);
    frontier = arguments && get_referents ? PyObject_CallObject(get_referents, arguments) : nullptr;
    Py_DecRef(arguments);
  }
  Py_DecRef(frontier);
  Py_DecRef(get_referents);
  Py_DecRef(gc);
  PyErr_Clear();
  sort_unique(inventory.objects);
  sort_unique(inventory.types);
}

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

bool in_ranges(const std::vector<ImageRange>& sorted, std::uintptr_t address, std::size_t size = 1) {
  auto after = std::upper_bound(sorted.begin(), sorted.end(), address,
                                [](std::uintptr_t value, const ImageRange& range) { return value < range.begin; });
  return after != sorted.begin() && address + size <= std::prev(after)->end;
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
  Scan(const std::vector<Inventory>& inventories, Watched& watched)
      : inventories_(inventories), watched_(watched), heap_(anonymous_memory()) {
    for (const Inventory& inventory : inventories) {
      types_.insert(types_.end(), inventory.types.begin(), inventory.types.end());
    }
    sort_unique(types_);
  }

  std::size_t words() const { return words_; }

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
      for (const std::uintptr_t object : here) report("static", region, object - region.address, object);
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
        if (owned(value) || looks_like_object(value)) report("holds", region, offset, value);
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
    return contains(types_, word_at(address + 8));
  }

  bool report_state(const Region& region, std::size_t offset, std::uintptr_t value) const {
    for (const Inventory& inventory : inventories_) {
      const bool is_thread = value == address_of(inventory.interpreter->thread_state());
      if (!is_thread && value != address_of(inventory.state)) continue;
      const char* type = is_thread ? "PyThreadState" : "PyInterpreterState";
      emit("holds", region, offset, '[' + std::to_string(inventory.interpreter->id()) + ']',
           '[' + quote(type) + ',' + quote(type) + ",false,false,false,0]");
      return true;
    }
    return false;
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
    std::string what = "null";
    {
      Visit visit(teller->state);
      auto* thing = reinterpret_cast<PyObject*>(object);  // NOLINT(performance-no-int-to-ptr)
      PyObject* arguments = Py_BuildValue("(O)", thing);
      auto* interpreter = const_cast<Interpreter*>(teller->interpreter);
      if (PyObject* told = interpreter->call("describe", arguments)) {
        what = to_json(told);
        Py_DecRef(told);
      }
      Py_DecRef(arguments);
    }
    emit(kind, region, offset, '[' + owners + ']', what);
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
  std::vector<ImageRange> heap_;
  std::vector<std::uintptr_t> types_{};
  std::size_t words_ = 0;
};

}  // namespace

void scan_ownership(const std::vector<const Interpreter*>& live, Watched& watched) {
  step(events::step_scan, 0, 0);
  watched.refresh();
  std::vector<Inventory> inventories;
  inventories.reserve(live.size());
  std::size_t objects = 0;
  for (const Interpreter* interpreter : live) {
    Inventory inventory{interpreter, interpreter->state(), {}, {}};
    {
      Visit visit(inventory.state);
      collect(inventory);
    }
    objects += inventory.objects.size();
    inventories.push_back(std::move(inventory));
  }
  Scan scan(inventories, watched);
  scan.find_static_objects();
  scan.find_held_objects();
  Event(events::scanned)
      .number("interpreters", static_cast<std::int64_t>(live.size()))
      .number("objects", static_cast<std::int64_t>(objects))
      .number("words", static_cast<std::int64_t>(scan.words()));
}

}  // namespace isoaudit::inside
