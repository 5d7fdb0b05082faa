#pragma once

#include <llvm/Support/JSON.h>

#include <cstdint>
#include <string>
#include <vector>

namespace isoaudit::loader_probe {

/// What a child told, as far as it can be believed.
struct EventLog {
  /// Events with the run's token, in order.
  std::vector<llvm::json::Object> events{};
  bool started = false;
  /// The closing event came and its count agrees.
  bool finished = false;
  /// What it was about to do when it told last: "import in interpreter 2"; empty before the first step.
  std::string last_step{};
  /// The same without saying where, since where several interpreters run at once it need not be the one that was
  /// told last: "import".
  std::string last_kind{};

  /// All events of that name.
  std::vector<const llvm::json::Object*> named(const char* name) const;
};

/// Lines that are no JSON or lack the token are somebody else's writing and are left out.
EventLog read_events(const std::string& bytes, const std::string& token);

std::string string_of(const llvm::json::Object& object, const char* key);
std::int64_t integer_of(const llvm::json::Object& object, const char* key);
bool flag_of(const llvm::json::Object& object, const char* key);

/// "the main interpreter" for 0, else "interpreter 2".
std::string interpreter_name(std::int64_t id);

/// "import in interpreter 2", "exercise in the main interpreter".
std::string describe_step(const llvm::json::Object& step);

}  // namespace isoaudit::loader_probe
