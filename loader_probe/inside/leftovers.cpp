#include "loader_probe/inside/leftovers.h"

#include <dirent.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "loader_probe/inside/interpreter.h"

namespace isoaudit::inside {
namespace {

std::int64_t entries(const char* folder) {
  DIR* directory = opendir(folder);
  if (!directory) return 0;
  std::int64_t count = 0;
  while (const dirent* entry = readdir(directory)) count += entry->d_name[0] != '.';
  closedir(directory);
  return count;
}

std::int64_t lines(const char* path) {
  std::FILE* file = std::fopen(path, "re");
  if (!file) return 0;
  std::int64_t count = 0;
  for (int c = std::getc(file); c != EOF; c = std::getc(file)) count += c == '\n';
  std::fclose(file);
  return count;
}

// The begin of a type object, the same in 3.12 to 3.15: reference count, metaclass, size, tp_name.
constexpr std::size_t kWordsOfType = 4;
using TypeHead = std::array<std::uint64_t, kWordsOfType>;

/// The kernel copies, so an address that is gone is an answer and no fault.
bool read_head(std::uintptr_t address, TypeHead& head) {
  const iovec local{head.data(), sizeof head};
  const iovec remote{reinterpret_cast<void*>(address), sizeof head};  // NOLINT(performance-no-int-to-ptr)
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(sizeof head);
}

// Mortal and referred to; immortal ones (the sign bit) are meant to stay.
bool is_referred_to(std::uint64_t refcount) {
  const auto low = static_cast<std::uint32_t>(refcount);
  return low != 0 && low < (1u << 28);
}

}  // namespace

Leftovers count_leftovers(Interpreter& main) {
  Leftovers now;
  if (PyObject* blocks = main.call("allocated_blocks", nullptr)) {
    now.blocks = PyLong_AsLongLong(blocks);
    Py_DecRef(blocks);
  }
  now.threads = entries("/proc/self/task");
  now.descriptors = entries("/proc/self/fd");
  now.mappings = lines("/proc/self/maps");
  return now;
}

void LivingTypes::note(Interpreter& interpreter) {
  types_.clear();
  PyObject* arguments = Py_BuildValue("(O)", interpreter.module());
  PyObject* rows = arguments ? interpreter.call("own_heap_types", arguments) : nullptr;
  for (Py_ssize_t i = 0; rows && i < PyList_Size(rows); ++i) {
    PyObject* row = PyList_GetItem(rows, i);
    const auto address = static_cast<std::uintptr_t>(PyLong_AsSize_t(PyTuple_GetItem(row, 0)));
    TypeHead head{};
    if (read_head(address, head)) types_.push_back({address, head[1], head[3], text_of(PyTuple_GetItem(row, 1))});
  }
  Py_DecRef(rows);
  Py_DecRef(arguments);
}

std::vector<std::string> LivingTypes::still_there() const {
  std::vector<std::string> names;
  for (const Type& type : types_) {
    TypeHead head{};
    if (!read_head(type.address, head) || !is_referred_to(head[0])) continue;
    if (head[1] == type.metaclass && head[3] == type.name_pointer) names.push_back(type.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace isoaudit::inside
