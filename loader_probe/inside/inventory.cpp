#include "loader_probe/inside/inventory.h"

#include <algorithm>
#include <utility>

namespace isoaudit::inside {
namespace {

// Steps of tp_traverse behind what the collector tracks: strings in an untracked tuple in an untracked dict.
constexpr int kDepth = 4;

std::uintptr_t address_of(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

/// A set of addresses that only grows: open addressing, a power of two of places, at most half of them taken. The same
/// object is met a dozen times, which is most of what an inventory does.
class AddressSet {
 public:
  /// False when it was there.
  bool insert(std::uintptr_t address) {
    if ((count_ + 1) * 2 > places_.size()) grow();
    std::uintptr_t& place = find(places_, address);
    if (place == address) return false;
    place = address;
    ++count_;
    return true;
  }

 private:
  static std::uintptr_t& find(std::vector<std::uintptr_t>& places, std::uintptr_t address) {
    const std::size_t mask = places.size() - 1;
    // Objects lie 16 bytes apart; the multiplication (Fibonacci hashing) spreads them over the high bits.
    std::size_t at = ((address >> 4) * 0x9E3779B97F4A7C15ull >> 32) & mask;
    while (places[at] != 0 && places[at] != address) at = (at + 1) & mask;
    return places[at];
  }

  void grow() {
    std::vector<std::uintptr_t> wider(places_.size() * 2);
    for (const std::uintptr_t address : places_) {
      if (address != 0) find(wider, address) = address;
    }
    places_ = std::move(wider);
  }

  std::vector<std::uintptr_t> places_ = std::vector<std::uintptr_t>(std::size_t{1} << 16);
  std::size_t count_ = 0;
};

void collect(Inventory& inventory) {
  AddressSet seen;
  PyObject* gc = PyImport_ImportModule("gc");
  PyObject* frontier = gc ? PyObject_CallMethod(gc, "get_objects", nullptr) : nullptr;
  PyObject* get_referents = gc ? PyObject_GetAttrString(gc, "get_referents") : nullptr;

  for (int depth = 0; frontier && depth < kDepth; ++depth) {
    PyObject* fresh = PyList_New(0);
    const Py_ssize_t count = PyList_Size(frontier);
    for (Py_ssize_t i = 0; i < count; ++i) {
      PyObject* object = PyList_GetItem(frontier, i);
      if (!seen.insert(address_of(object))) continue;
      inventory.objects.push_back(address_of(object));
      PyList_Append(fresh, object);
      PyTypeObject* type = Py_TYPE(object);
      if (PyType_GetFlags(type) & Py_TPFLAGS_TYPE_SUBCLASS) inventory.types.push_back(address_of(object));
      // Static types are not tracked and instances of them do not visit them.
      if (!seen.insert(address_of(type))) continue;
      inventory.objects.push_back(address_of(type));
      inventory.types.push_back(address_of(type));
      PyList_Append(fresh, reinterpret_cast<PyObject*>(type));
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

}  // namespace

void sort_unique(std::vector<std::uintptr_t>& addresses) {
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
}

bool contains(const std::vector<std::uintptr_t>& sorted, std::uintptr_t address) {
  return std::binary_search(sorted.begin(), sorted.end(), address);
}

Inventory take_inventory(const Interpreter& interpreter) {
  Inventory inventory{&interpreter, interpreter.state(), {}, {}};
  const Visit visit(inventory.state);
  collect(inventory);
  return inventory;
}

void Questions::enter(const Inventory& owner) {
  if (in_ == &owner) return;
  visit_.reset();
  visit_.emplace(owner.state);
  in_ = &owner;
}

PyObject* Questions::ask(const Inventory& owner, const char* function, std::uintptr_t object, bool with_module) {
  enter(owner);
  auto* thing = reinterpret_cast<PyObject*>(object);  // NOLINT(performance-no-int-to-ptr)
  PyObject* arguments =
      with_module ? Py_BuildValue("(OO)", thing, owner.interpreter->module()) : Py_BuildValue("(O)", thing);
  PyObject* answer = const_cast<Interpreter*>(owner.interpreter)->call(function, arguments);
  Py_DecRef(arguments);
  return answer;
}

std::string Questions::describe(const Inventory& owner, std::uintptr_t object) {
  PyObject* told = ask(owner, "describe", object, false);
  std::string what = told ? to_json(told) : "null";
  Py_DecRef(told);
  return what;
}

bool Questions::is_modules_own(const Inventory& owner, std::uintptr_t object) {
  if (!owner.has_module()) return false;
  PyObject* answer = ask(owner, "is_modules_own", object, true);
  const bool is_own = answer && PyObject_IsTrue(answer) == 1;
  Py_DecRef(answer);
  return is_own;
}

std::string Questions::attribute_name(const Inventory& owner, std::uintptr_t object) {
  PyObject* name = ask(owner, "attribute_name", object, true);
  std::string text = name ? text_of(name) : "";
  Py_DecRef(name);
  return text;
}

}  // namespace isoaudit::inside
