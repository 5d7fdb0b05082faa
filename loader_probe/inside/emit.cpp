#include "loader_probe/inside/emit.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <map>
#include <mutex>

#include "loader_probe/inside/events.h"

namespace isoaudit::inside {
namespace {

constexpr int kFirstHighDescriptor = 200;

int g_descriptor = -1;
pid_t g_process = 0;
std::string g_token;
std::atomic<std::int64_t> g_steps = 0;
std::mutex g_lock;
std::mutex g_times_lock;
std::map<std::string, std::chrono::steady_clock::duration, std::less<>> g_times;

void write_line(const std::string& line) {
  // A fork in the audited module leaves a second process that believes to be the probe: it must not speak.
  if (getpid() != g_process) _exit(events::exit_forked_copy);
  std::lock_guard hold(g_lock);
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t written = write(g_descriptor, line.data() + done, line.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) _exit(events::exit_events_lost);
    done += static_cast<std::size_t>(written);
  }
}

// The copy does not come back to a lock that another thread held when it was made, nor to the interpreter's clean-up;
// it is told by its process id at its next event.
void note_fork() { Event(events::note).text("text", "the module forked the process"); }

}  // namespace

void open_channel(int descriptor, std::string token) {
  const int high = fcntl(descriptor, F_DUPFD_CLOEXEC, kFirstHighDescriptor);
  if (high >= 0) {
    close(descriptor);
    g_descriptor = high;
  } else {
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    g_descriptor = descriptor;
  }
  g_process = getpid();
  g_token = std::move(token);
  pthread_atfork(nullptr, note_fork, nullptr);
}

void emit_from_signal(std::string_view name, std::string_view members) {
  if (getpid() != g_process) return;
  static char line[32768];
  std::size_t size = 0;
  const auto add = [&](std::string_view text) {
    for (const char c : text) {
      if (size < sizeof line) line[size++] = c;
    }
  };
  for (const std::string_view part :
       {std::string_view("\n{\""), std::string_view(events::key_token), std::string_view("\":\""),
        std::string_view(g_token), std::string_view("\",\""), std::string_view(events::key_event),
        std::string_view("\":\""), name, std::string_view("\","), members, std::string_view("}\n")}) {
    add(part);
  }
  std::size_t done = 0;
  while (done < size) {
    const ssize_t written = write(g_descriptor, line + done, size - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    done += static_cast<std::size_t>(written);
  }
}

std::string quote(std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += hex[byte >> 4];
      out += hex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

// A line begins with a line end of its own: whatever a module has written to this pipe ends there.
Event::Event(std::string_view name) : line_("\n{") {
  line_ += quote(events::key_token) + ':' + quote(g_token);
  text(events::key_event, name);
}

Event::~Event() {
  line_ += "}\n";
  write_line(line_);
}

Event& Event::raw(std::string_view key, std::string_view json) {
  line_ += ',';
  line_ += quote(key);
  line_ += ':';
  line_ += json;
  return *this;
}

Event& Event::text(std::string_view key, std::string_view value) { return raw(key, quote(value)); }
Event& Event::number(std::string_view key, std::int64_t value) { return raw(key, std::to_string(value)); }
Event& Event::flag(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }

void step(std::string_view what, std::int64_t interpreter, unsigned round) {
  ++g_steps;
  Event(events::step).text("what", what).number("interp", interpreter).number("round", round);
}

Timed::Timed(std::string_view what) : what_(what), begin_(std::chrono::steady_clock::now()) {}

Timed::~Timed() {
  const auto took = std::chrono::steady_clock::now() - begin_;
  const std::lock_guard hold(g_times_lock);
  const auto known = g_times.find(what_);
  if (known == g_times.end()) {
    g_times.emplace(what_, took);
  } else {
    known->second += took;
  }
}

void finish() {
  std::string times = "{";
  {
    const std::lock_guard hold(g_times_lock);
    for (const auto& [what, took] : g_times) {
      if (times.size() > 1) times += ',';
      times += quote(what) + ':' + std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
    }
  }
  Event(events::end).number("steps", g_steps).raw("times", times + "}");
}

}  // namespace isoaudit::inside
