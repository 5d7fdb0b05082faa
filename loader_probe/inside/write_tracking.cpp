// Page protection as a witness. All that the signal handlers touch is allocated before they are set, has a bound, and
// is plain memory: they call nothing but mprotect, gettid, sigaction and the unwinder, which takes no lock and
// allocates nothing where the C library knows _dl_find_object (glibc 2.35), and else only the linker's recursive lock.
#include "loader_probe/inside/write_tracking.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <new>
#include <vector>

#include "loader_probe/inside/code_ranges.h"
#include "loader_probe/inside/emit.h"
#include "loader_probe/inside/events.h"

namespace isoaudit::inside::write_tracking {
namespace {

#if defined(__x86_64__)
constexpr bool can_step = true;
#else
constexpr bool can_step = false;
#endif

constexpr std::size_t kMaxRecords = std::size_t{1} << 14;  // a power of two: it is a hash table
constexpr std::size_t kMaxPages = 4096;
/// One page that is written all the time would turn a step into hours of signals.
constexpr std::uint32_t kMaxFaultsPerPage = 4000;
constexpr std::uint32_t kMaxFaultsPerStep = 40000;
/// The widest store that is one instruction is 64 bytes.
constexpr std::size_t kWordsLooked = 8;
constexpr int kMaxFrames = 64;

struct Record {
  std::uintptr_t word = 0;  ///< 0: unused
  std::uintptr_t instruction = 0;
  std::uintptr_t caller = 0;  ///< in the watched files, when the instruction is not
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  std::uint32_t count = 0;
  unsigned byte = 0;  ///< of the word, where the store began
  bool atomic = false;
  bool changed = false;  ///< at least once it left another value than it found
};

struct Page {
  std::uintptr_t address = 0;
  std::uint32_t faults = 0;
  bool closed = false;
};

/// The write that is being let through.
struct Pending {
  std::uintptr_t word = 0;
  std::size_t words = 0;
  std::uintptr_t instruction = 0;
  std::uintptr_t caller = 0;
  std::uint64_t before[kWordsLooked] = {};
  unsigned byte = 0;
  bool atomic = false;
};

struct State {
  Record records[kMaxRecords];
  Page pages[kMaxPages];  ///< sorted
  std::size_t page_count;
  CodeRange code[kMaxCodeRanges];
  std::size_t code_count;
  Pending pending[2];  ///< a write may lie on two pages
  std::size_t pending_count;
  std::uint32_t faults;
  std::uint32_t dropped;
  std::uint32_t left_open;
  std::uintptr_t page_size;
  pid_t thread;
  struct sigaction old_fault;
  struct sigaction old_trap;
};

State* g_state = nullptr;

void* pointer(std::uintptr_t address) {
  return reinterpret_cast<void*>(address);  // NOLINT(performance-no-int-to-ptr)
}

Page* page_of(std::uintptr_t address) {
  State& s = *g_state;
  const std::uintptr_t begin = address & ~(s.page_size - 1);
  Page* end = s.pages + s.page_count;
  Page* page = std::lower_bound(s.pages, end, begin, [](const Page& p, std::uintptr_t at) { return p.address < at; });
  return page != end && page->address == begin ? page : nullptr;
}

void set_rights(Page& page, bool closed) {
  mprotect(pointer(page.address), g_state->page_size, closed ? PROT_READ : PROT_READ | PROT_WRITE);
  page.closed = closed;
}

bool in_watched_code(std::uintptr_t address) {
  const State& s = *g_state;
  return std::any_of(s.code, s.code + s.code_count,
                     [&](const CodeRange& range) { return address >= range.begin && address < range.end; });
}

struct Walk {
  std::uintptr_t found = 0;
  int frames = 0;
};

_Unwind_Reason_Code visit_frame(_Unwind_Context* context, void* data) {
  auto& walk = *static_cast<Walk*>(data);
  int is_exact = 0;
  // A return address lies behind its call, which may be the last instruction of a function.
  const std::uintptr_t at = _Unwind_GetIPInfo(context, &is_exact) - (is_exact ? 0 : 1);
  if (in_watched_code(at)) {
    walk.found = at;
    return _URC_END_OF_STACK;
  }
  return ++walk.frames < kMaxFrames ? _URC_NO_REASON : _URC_END_OF_STACK;
}

std::uintptr_t caller_in_watched_code() {
  Walk walk;
  _Unwind_Backtrace(visit_frame, &walk);
  return walk.found;
}

Record* record_of(std::uintptr_t word, std::uintptr_t instruction, std::uintptr_t caller) {
  State& s = *g_state;
  std::size_t slot = (word / 8 * 0x9E3779B97F4A7C15u ^ instruction * 0xC2B2AE3D27D4EB4Fu ^ caller) % kMaxRecords;
  for (std::size_t tries = 0; tries < 64; ++tries, slot = (slot + 1) % kMaxRecords) {
    Record& record = s.records[slot];
    if (record.word == word && record.instruction == instruction && record.caller == caller) return &record;
    if (record.word != 0) continue;
    record.word = word;
    record.instruction = instruction;
    record.caller = caller;
    return &record;
  }
  ++s.dropped;
  return nullptr;
}

void note(const Pending& write, std::size_t index, std::uint64_t after) {
  Record* record = record_of(write.word + index * 8, write.instruction, write.caller);
  if (!record) return;
  if (record->count++ == 0) {
    record->before = write.before[index];
    record->atomic = write.atomic;
    record->byte = index == 0 ? write.byte : 0;
  }
  record->changed |= after != write.before[index];
  record->after = after;
}

/// A locked instruction, or an exchange with memory, which locks by itself.
bool is_atomic(std::uintptr_t instruction) {
#if defined(__x86_64__)
  const auto* byte = static_cast<const unsigned char*>(pointer(instruction));
  for (int i = 0; i < 14; ++i, ++byte) {
    if (*byte == 0xF0) return true;
    const bool is_prefix = *byte == 0x66 || *byte == 0x67 || *byte == 0xF2 || *byte == 0xF3 || *byte == 0x2E ||
                           *byte == 0x36 || *byte == 0x3E || *byte == 0x26 || *byte == 0x64 || *byte == 0x65 ||
                           (*byte & 0xF0) == 0x40;
    if (!is_prefix) return *byte == 0x86 || *byte == 0x87;
  }
#else
  static_cast<void>(instruction);
#endif
  return false;
}

std::uintptr_t instruction_of(const ucontext_t& context) {
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return context.uc_mcontext.pc;
#endif
}

#if defined(__x86_64__)
constexpr greg_t kTrapFlag = 0x100;
#endif

void set_step(ucontext_t& context, bool on) {
#if defined(__x86_64__)
  if (on) {
    context.uc_mcontext.gregs[REG_EFL] |= kTrapFlag;
  } else {
    context.uc_mcontext.gregs[REG_EFL] &= ~kTrapFlag;
  }
#else
  static_cast<void>(context);
  static_cast<void>(on);
#endif
}

/// Not ours: whoever was there before gets it. A fault comes again at the same instruction; what was sent does not.
void hand_on(int signal, siginfo_t* info, void* context, const struct sigaction& old) {
  if (info->si_code > 0) {
    sigaction(signal, &old, nullptr);
  } else if (old.sa_flags & SA_SIGINFO) {
    old.sa_sigaction(signal, info, context);
  } else if (old.sa_handler == SIG_DFL) {
    sigaction(signal, &old, nullptr);
    raise(signal);
  } else if (old.sa_handler != SIG_IGN) {
    old.sa_handler(signal);
  }
}

void on_fault(int signal, siginfo_t* info, void* raw) {
  State& s = *g_state;
  auto& context = *static_cast<ucontext_t*>(raw);
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  Page* page = info->si_code == SEGV_ACCERR ? page_of(address) : nullptr;
  if (!page) {
    hand_on(signal, info, raw, s.old_fault);
    return;
  }
  // Two threads may have met the closed page; the later one finds it open and only has to try again.
  if (!page->closed) return;
  Pending write;
  write.word = address & ~std::uintptr_t{7};
  write.byte = address & 7;
  write.instruction = instruction_of(context);
  write.atomic = is_atomic(write.instruction);
  if (!in_watched_code(write.instruction)) write.caller = caller_in_watched_code();
  const std::uintptr_t page_end = page->address + s.page_size;
  write.words = std::min(kWordsLooked, (page_end - write.word) / 8);
  for (std::size_t i = 0; i < write.words; ++i) write.before[i] = word_at(write.word + i * 8);
  ++page->faults;
  ++s.faults;
  const bool steps = can_step && syscall(SYS_gettid) == s.thread && s.pending_count < std::size(s.pending) &&
                     page->faults < kMaxFaultsPerPage && s.faults < kMaxFaultsPerStep;
  set_rights(*page, false);
  if (steps) {
    s.pending[s.pending_count++] = write;
    set_step(context, true);
    return;
  }
  note(write, 0, write.before[0]);
  if (can_step) ++s.left_open;
}

void on_trap(int signal, siginfo_t* info, void* raw) {
  State& s = *g_state;
  auto& context = *static_cast<ucontext_t*>(raw);
  if (s.pending_count == 0 || info->si_code <= 0) {
    hand_on(signal, info, raw, s.old_trap);
    return;
  }
  for (std::size_t i = 0; i < s.pending_count; ++i) {
    const Pending& write = s.pending[i];
    for (std::size_t word = 0; word < write.words; ++word) {
      const std::uint64_t after = word_at(write.word + word * 8);
      if (word == 0 || after != write.before[word]) note(write, word, after);
    }
    if (Page* page = page_of(write.word)) set_rights(*page, true);
  }
  s.pending_count = 0;
  set_step(context, false);
}

void set_handlers() {
  struct sigaction action{};
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  // What must still end the process when it happens inside a handler.
  for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) sigdelset(&action.sa_mask, number);
  struct sigaction old{};
  action.sa_sigaction = on_fault;
  sigaction(SIGSEGV, &action, &old);
  // The module may have set its own meanwhile: it then stands behind this one, as faulthandler does.
  if (old.sa_sigaction != on_fault) g_state->old_fault = old;
  action.sa_sigaction = on_trap;
  sigaction(SIGTRAP, &action, &old);
  if (old.sa_sigaction != on_trap) g_state->old_trap = old;
}

void close_pages(const std::vector<Region>& regions) {
  State& s = *g_state;
  std::vector<std::uintptr_t> addresses;
  for (const Region& region : regions) {
    if (region.thread_local_) continue;
    for (std::uintptr_t at = region.address & ~(s.page_size - 1); at < region.address + region.size;
         at += s.page_size) {
      addresses.push_back(at);
    }
  }
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  if (addresses.size() > kMaxPages) {
    s.left_open += static_cast<std::uint32_t>(addresses.size() - kMaxPages);
    addresses.resize(kMaxPages);
  }
  s.page_count = addresses.size();
  for (std::size_t i = 0; i < addresses.size(); ++i) s.pages[i] = {addresses[i], 0, false};
  for (std::size_t i = 0; i < s.page_count; ++i) set_rights(s.pages[i], true);
}

void open_pages() {
  for (std::size_t i = 0; i < g_state->page_count; ++i) {
    if (g_state->pages[i].closed) set_rights(g_state->pages[i], false);
  }
}

/// Does a write to a closed page arrive, once, and is the page closed again behind it?
bool works() {
  State& s = *g_state;
  void* page = mmap(nullptr, s.page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return false;
  const auto address = reinterpret_cast<std::uintptr_t>(page);
  s.pages[0] = {address, 0, false};
  s.page_count = 1;
  set_rights(s.pages[0], true);
  auto* volatile word = static_cast<volatile std::uint64_t*>(page);
  *word = 1;
  *word = 2;
  std::atomic_signal_fence(std::memory_order_seq_cst);  // the handlers have written to the state
  const bool seen = s.faults == (can_step ? 2 : 1) && s.pages[0].closed == can_step && s.pending_count == 0;
  s.page_count = 0;
  s.faults = 0;
  munmap(page, s.page_size);
  std::fill(std::begin(s.records), std::end(s.records), Record{});
  return seen;
}

}  // namespace

std::string start() {
  void* memory = mmap(nullptr, sizeof(State), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return "no memory to note writes in";
  g_state = new (memory) State{};
  g_state->page_size = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  g_state->thread = static_cast<pid_t>(syscall(SYS_gettid));
  caller_in_watched_code();  // the unwinder's first use may allocate
  set_handlers();
  return works() ? "" : "this system does not step over single instructions";
}

void begin_step(const Watched& watched) {
  State& s = *g_state;
  std::fill(std::begin(s.records), std::end(s.records), Record{});
  s.faults = s.dropped = s.left_open = 0;
  s.pending_count = 0;
  s.code_count = find_code_ranges(watched, s.code);
  set_handlers();
  close_pages(watched.regions());
}

void end_step(const Watched& watched, const char* step, std::int64_t interpreter) {
  open_pages();
  const State& s = *g_state;
  const CodeNames names;
  std::string rows;
  for (const Record& record : s.records) {
    if (record.word == 0) continue;
    for (const Region& region : watched.regions()) {
      if (region.thread_local_ || record.word < region.address || record.word >= region.address + region.size) continue;
      const std::uintptr_t code = record.caller != 0 ? record.caller : record.instruction;
      const bool outside = !in_watched_code(record.instruction);
      rows += rows.empty() ? "[" : ",[";
      rows += std::to_string(region.image) + ',' +
              std::to_string(region.vaddr + (record.word - region.address) + record.byte) + ',' +
              std::to_string(static_cast<std::int64_t>(record.before)) + ',' +
              std::to_string(static_cast<std::int64_t>(record.after)) + ',' + std::to_string(record.count) + ',' +
              (record.atomic ? '1' : '0') + ',' + (record.changed ? '1' : '0') + ',' +
              (outside && record.caller == 0 ? "\"\",0" : names.place(code)) + ',' +
              (outside ? names.place(record.instruction) : "\"\",0") + ']';
    }
  }
  if (rows.empty() && s.dropped == 0 && s.left_open == 0) return;
  Event(events::written)
      .text("step", step)
      .number("interp", interpreter)
      .text("mode", can_step ? events::mode_instruction : events::mode_page)
      .raw("writes", '[' + rows + ']')
      .number("dropped", s.dropped)
      .number("left_open", s.left_open);
}

}  // namespace isoaudit::inside::write_tracking
