#include "loader_probe/inside/process_state.h"

#include <locale.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <climits>
#include <cstring>
#include <map>
#include <string>
#include <utility>

#include "loader_probe/inside/emit.h"
#include "loader_probe/inside/events.h"

namespace isoaudit::inside {
namespace {

std::string working_folder() {
  char path[PATH_MAX];
  return getcwd(path, sizeof path) ? path : "";
}

mode_t current_umask() {
  const mode_t mask = umask(0);
  umask(mask);
  return mask;
}

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> settings;
  for (char** at = environ; at && *at; ++at) {
    const char* equals = std::strchr(*at, '=');
    if (equals) settings.emplace(std::string(*at, static_cast<std::size_t>(equals - *at)), equals + 1);
  }
  return settings;
}

std::pair<dev_t, ino_t> file_behind(int descriptor) {
  struct stat file{};
  if (fstat(descriptor, &file) != 0) return {};
  return {file.st_dev, file.st_ino};
}

void tell(const char* kind, const std::string& what, const char* step, std::int64_t interpreter) {
  Event(events::process).text("kind", kind).text("what", what).text("step", step).number("interp", interpreter);
}

}  // namespace

struct ProcessState::Snapshot {
  std::string folder = working_folder();
  mode_t mask = current_umask();
  std::map<std::string, std::string> settings = environment();
  std::string locale{};
  void* handlers[NSIG] = {};
  bool timers[3] = {};
  std::pair<dev_t, ino_t> streams[3] = {};
  rlimit limits[RLIM_NLIMITS] = {};

  Snapshot() {
    if (const char* name = setlocale(LC_ALL, nullptr)) locale = name;
    for (int signal = 1; signal < NSIG; ++signal) {
      struct sigaction action{};
      if (sigaction(signal, nullptr, &action) == 0) handlers[signal] = reinterpret_cast<void*>(action.sa_handler);
    }
    for (int timer = 0; timer < 3; ++timer) {
      itimerval left{};
      getitimer(static_cast<__itimer_which>(timer), &left);
      timers[timer] = timerisset(&left.it_value);
    }
    for (int stream = 0; stream < 3; ++stream) streams[stream] = file_behind(stream);
    for (int resource = 0; resource < RLIM_NLIMITS; ++resource) {
      getrlimit(static_cast<__rlimit_resource>(resource), &limits[resource]);
    }
  }
};

ProcessState::ProcessState() : before_(std::make_unique<Snapshot>()) {}
ProcessState::~ProcessState() = default;

void ProcessState::report_changes(const char* step, std::int64_t interpreter) {
  auto now = std::make_unique<Snapshot>();
  const Snapshot& old = *before_;
  if (now->folder != old.folder) tell(events::process_folder, "the working folder", step, interpreter);
  if (now->mask != old.mask) tell(events::process_umask, "the umask", step, interpreter);
  if (now->locale != old.locale) {
    tell(events::process_locale, "the locale, " + old.locale + " before and " + now->locale + " after", step,
         interpreter);
  }
  for (const auto& [name, value] : now->settings) {
    const auto known = old.settings.find(name);
    if (known == old.settings.end() || known->second != value) {
      tell(events::process_environment, "the environment variable " + name, step, interpreter);
    }
  }
  for (const auto& [name, value] : old.settings) {
    if (!now->settings.contains(name)) {
      tell(events::process_environment, "the environment variable " + name, step, interpreter);
    }
  }
  for (int signal = 1; signal < NSIG; ++signal) {
    if (now->handlers[signal] == old.handlers[signal]) continue;
    const char* name = sigabbrev_np(signal);
    tell(events::process_handler,
         "the handler of " + (name ? "SIG" + std::string(name) : "signal " + std::to_string(signal)), step,
         interpreter);
  }
  for (int timer = 0; timer < 3; ++timer) {
    if (now->timers[timer] && !old.timers[timer]) tell(events::process_timer, "an interval timer", step, interpreter);
  }
  static constexpr const char* streams[] = {"stdin", "stdout", "stderr"};
  for (int stream = 0; stream < 3; ++stream) {
    if (now->streams[stream] != old.streams[stream]) {
      tell(events::process_stream, std::string("the file behind ") + streams[stream], step, interpreter);
    }
  }
  if (std::memcmp(now->limits, old.limits, sizeof old.limits) != 0) {
    tell(events::process_limits, "a resource limit", step, interpreter);
  }
  before_ = std::move(now);
}

}  // namespace isoaudit::inside
