// The last words of a process. The heap, a lock or the stack may be what is broken, so the handler uses memory of its
// own, writes with one system call, and needs no lock but the dynamic linker's, which nothing of ours holds.
#include "loader_probe/inside/crash_report.h"

#include <dlfcn.h>
#include <link.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include <atomic>
#include <cstdint>
#include <string_view>

#include "loader_probe/inside/emit.h"
#include "loader_probe/inside/events.h"

namespace isoaudit::inside {
namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};
constexpr int kFrames = 24;

struct sigaction g_before[NSIG];
std::atomic_flag g_told = ATOMIC_FLAG_INIT;
alignas(16) char g_stack[std::size_t{64} * 1024];

/// Text of bounded length without the heap; what does not fit is left out.
class Line {
 public:
  void add(std::string_view text) {
    for (const char c : text) {
      if (size_ < sizeof bytes_) bytes_[size_++] = c;
    }
  }
  void add_number(std::uint64_t number) {
    char digits[24];
    int count = 0;
    do digits[count++] = static_cast<char>('0' + number % 10);
    while ((number /= 10) != 0);
    while (count > 0) add({&digits[--count], 1});
  }
  void add_quoted(std::string_view text) {
    add("\"");
    for (const char c : text) {
      if (c == '"' || c == '\\') add("\\");
      if (static_cast<unsigned char>(c) >= 0x20) add({&c, 1});
    }
    add("\"");
  }
  std::string_view view() const { return {bytes_, size_}; }

 private:
  char bytes_[16384];
  std::size_t size_ = 0;
};

Line g_line;

struct Walk {
  std::uintptr_t fault;
  bool reached = false;
  int frames = 0;
};

void add_frame(std::uintptr_t address, bool returns_here, Walk& walk) {
  Dl_info found{};
  link_map* map = nullptr;
  // A call may be the last instruction of its function: what it returns to is somebody else then.
  const std::uintptr_t instruction = returns_here ? address - 1 : address;
  if (!dladdr1(reinterpret_cast<void*>(instruction), &found, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP))
    map = nullptr;
  g_line.add(walk.frames++ == 0 ? "[" : ",[");
  g_line.add_quoted(map == nullptr ? "" : map->l_name[0] == '\0' ? "/proc/self/exe" : map->l_name);
  g_line.add(",");
  g_line.add_number(map == nullptr ? instruction : instruction - map->l_addr);
  g_line.add("]");
}

_Unwind_Reason_Code visit(_Unwind_Context* context, void* data) {
  Walk& walk = *static_cast<Walk*>(data);
  const std::uintptr_t address = _Unwind_GetIP(context);
  if (address == walk.fault) walk.reached = true;
  if (walk.reached && address != 0) add_frame(address, address != walk.fault, walk);
  return walk.frames < kFrames ? _URC_NO_REASON : _URC_END_OF_STACK;
}

std::uintptr_t faulting_instruction(void* context) {
  const auto& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(machine.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return static_cast<std::uintptr_t>(machine.pc);
#else
  static_cast<void>(machine);
  return 0;
#endif
}

void on_crash(int signal, siginfo_t* info, void* context) {
  // Threads that crash meanwhile wait for the end of the process: the first one tells.
  if (g_told.test_and_set()) {
    for (;;) pause();
  }
  g_line.add("\"signal\":");
  g_line.add_number(static_cast<std::uint64_t>(signal));
  // Sent by kill or abort, a signal has no address.
  if (info->si_code > 0 && (signal == SIGSEGV || signal == SIGBUS)) {
    g_line.add(",\"address\":\"");
    g_line.add_number(reinterpret_cast<std::uintptr_t>(info->si_addr));
    g_line.add("\"");
  }
  g_line.add(",\"frames\":[");
  Walk walk{faulting_instruction(context)};
  _Unwind_Backtrace(visit, &walk);
  if (!walk.reached) add_frame(walk.fault, false, walk);
  g_line.add("]");
  emit_from_signal(events::crash, g_line.view());
  sigaction(signal, &g_before[signal], nullptr);
  raise(signal);
}

_Unwind_Reason_Code look(_Unwind_Context*, void*) { return _URC_END_OF_STACK; }

}  // namespace

void report_crashes() {
  _Unwind_Backtrace(look, nullptr);  // what it makes on its first use is made now
  stack_t stack{};
  stack.ss_sp = g_stack;
  stack.ss_size = sizeof g_stack;
  sigaltstack(&stack, nullptr);
  struct sigaction action{};
  action.sa_sigaction = on_crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (const int signal : kSignals) sigaction(signal, &action, &g_before[signal]);
}

}  // namespace isoaudit::inside
