#pragma once

#include <span>
#include <string_view>

/// How modules say that only one interpreter of a process may load them: their own check, a safe refusal and no
/// support.
namespace isoaudit::model {

struct LoadOnceGuard {
  /// The sentence, or as much of it as is the same for every module.
  std::string_view words;
  /// Where it is written: "project: file".
  std::string_view source;
  /// The generator or framework that puts it into modules; empty where people write it.
  std::string_view generator{};
};

std::span<const LoadOnceGuard> load_once_guards();
/// The guard whose words `text` holds; null when it holds none's.
const LoadOnceGuard* load_once_guard_in(std::string_view text);

}  // namespace isoaudit::model
