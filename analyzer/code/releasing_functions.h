#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace isoaudit::analyzer {

class ModuleCode;

/// Functions of an image that give back a lock which they did not take: their caller had it.
class ReleasingFunctions {
 public:
  explicit ReleasingFunctions(ModuleCode& code) : code_(code) {}

  /// The function that begins there, or one that it calls, releases `lock` and takes nothing of its kind. Empty stands
  /// for a byte that was taken by compare-and-exchange. Names are those of the table of locks. Yes where there is too
  /// much to look at.
  bool release(std::uint64_t function, const std::string& lock);

 private:
  struct Body {
    std::vector<std::string> taken{}, released{};
    std::vector<std::uint64_t> callees{};
  };
  const Body& body_of(std::uint64_t function);

  ModuleCode& code_;
  std::unordered_map<std::uint64_t, Body> known_{};
  /// By function and lock.
  std::map<std::pair<std::uint64_t, std::string>, bool> answers_{};
  /// Bytes of code that were looked at.
  std::uint64_t looked_at_ = 0;
};

}  // namespace isoaudit::analyzer
