#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/image/memory.h"

namespace isoaudit::analyzer {

/// One way through a hook, from its entry to its return.
struct HookPath {
  enum class Returns {
    unknown,
    definition,  ///< what PyModuleDef_Init returned
    module,      ///< what PyModule_Create or another function that makes a module returned
    null,        ///< an error
    address,     ///< an object or a table in the file itself
    other_call,  ///< what some other function returned
  } returns = Returns::unknown;
  /// The definition that was passed on, or the address that is returned; 0 when it is not a constant.
  std::uint64_t address = 0;
  /// Whose result is returned, where that has a name.
  std::string callee{};
  /// Code that may be the file's own ran and was not followed: it may have written anywhere.
  bool runs_unfollowed = false;
  /// What the image holds at the end of this path.
  Memory memory;
};

/// What a hook does when it is called for the first time, read from its code: all ways through it, as far as the budget
/// goes; functions of the file that it calls are followed when they can matter.
struct HookReading {
  /// False: nothing can be said; `why_not` says why.
  bool read = false;
  std::string why_not{};
  /// Some ways were given up.
  bool incomplete = false;
  std::vector<HookPath> paths{};
  /// Named functions that are called on any way, sorted.
  std::vector<std::string> calls{};
};

/// Reads hooks of one image; keeps what it has decoded between them.
class HookReader {
 public:
  explicit HookReader(const Image& image);
  HookReader(const HookReader&) = delete;
  HookReader& operator=(const HookReader&) = delete;
  ~HookReader();

  HookReading read(std::uint64_t address);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace isoaudit::analyzer
