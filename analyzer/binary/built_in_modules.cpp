#include "analyzer/binary/built_in_modules.h"

#include <algorithm>

namespace isoaudit::analyzer {
namespace {

// sys.builtin_module_names of CPython 3.12.1 as it builds by default and of Debian's 3.13, 3.14 and 3.15. Sorted.
constexpr std::string_view names[] = {
    "_abc",
    "_ast",
    "_asyncio",
    "_bisect",
    "_blake2",
    "_codecs",
    "_collections",
    "_contextvars",
    "_csv",
    "_datetime",
    "_elementtree",
    "_functools",
    "_heapq",
    "_imp",
    "_io",
    "_json",
    "_locale",
    "_math_integer",
    "_md5",
    "_opcode",
    "_operator",
    "_pickle",
    "_posixsubprocess",
    "_random",
    "_sha1",
    "_sha2",
    "_sha3",
    "_signal",
    "_socket",
    "_sre",
    "_stat",
    "_statistics",
    "_string",
    "_struct",
    "_suggestions",
    "_symtable",
    "_sysconfig",
    "_thread",
    "_tokenize",
    "_tracemalloc",
    "_types",
    "_typing",
    "_warnings",
    "_weakref",
    "_zstd",
    "array",
    "atexit",
    "binascii",
    "builtins",
    "cmath",
    "errno",
    "faulthandler",
    "fcntl",
    "gc",
    "grp",
    "itertools",
    "marshal",
    "math",
    "posix",
    "pwd",
    "pyexpat",
    "select",
    "sys",
    "syslog",
    "time",
    "unicodedata",
    "zlib",
};
static_assert(std::ranges::is_sorted(names));

}  // namespace

bool may_be_built_in(std::string_view module) { return std::ranges::binary_search(names, module); }

}  // namespace isoaudit::analyzer
