#include "analyzer/tables/locks.h"

#include <algorithm>

namespace isoaudit::analyzer {
namespace {

// Include/cpython/lock.h, Include/internal/pycore_lock.h, Include/pythread.h, POSIX, C11 threads.h, Win32, macOS
// os/lock.h, libuv's uv.h, <mutex>, the Itanium C++ ABI, Visual C++'s runtime (vcruntime's and msvcp140's exports).
constexpr Lock locks[] = {
    {"PyMutex_Lock", "PyMutex_Unlock"},
    {"_PyMutex_Lock", "_PyMutex_Unlock"},
    {"PyMutex_LockFast", "PyMutex_Unlock"},
    {"_PyMutex_LockSlow", "PyMutex_Unlock"},
    {"_PyRawMutex_Lock", "_PyRawMutex_Unlock"},
    {"_PyRecursiveMutex_Lock", "_PyRecursiveMutex_Unlock"},
    {"PyThread_acquire_lock", "PyThread_release_lock", LockResult::when_true},
    {"PyThread_acquire_lock_timed", "PyThread_release_lock", LockResult::when_true},
    {"pthread_mutex_lock", "pthread_mutex_unlock"},
    {"pthread_mutex_trylock", "pthread_mutex_unlock", LockResult::when_zero},
    {"pthread_rwlock_wrlock", "pthread_rwlock_unlock"},
    {"pthread_spin_lock", "pthread_spin_unlock"},
    {"mtx_lock", "mtx_unlock"},
    {"EnterCriticalSection", "LeaveCriticalSection"},
    {"AcquireSRWLockExclusive", "ReleaseSRWLockExclusive"},
    {"TryAcquireSRWLockExclusive", "ReleaseSRWLockExclusive", LockResult::when_true},
    {"os_unfair_lock_lock", "os_unfair_lock_unlock"},
    {"uv_mutex_lock", "uv_mutex_unlock"},
    {"uv_mutex_trylock", "uv_mutex_unlock", LockResult::when_zero},
    {"uv_rwlock_wrlock", "uv_rwlock_wrunlock"},
    {"mutex::lock", "mutex::unlock"},
    {"recursive_mutex::lock", "recursive_mutex::unlock"},
    {"shared_mutex::lock", "shared_mutex::unlock"},
    // A static of a function, made once while others wait.
    {"__cxa_guard_acquire", "__cxa_guard_release", LockResult::when_true},
    {"_Init_thread_header", "_Init_thread_footer"},
    // std::mutex of Visual C++ and of libc++.
    {"_Mtx_lock", "_Mtx_unlock", LockResult::when_zero},
    {"_ZNSt3__15mutex4lockEv", "_ZNSt3__15mutex6unlockEv"},
    {"_ZNSt3__115recursive_mutex4lockEv", "_ZNSt3__115recursive_mutex6unlockEv"},
    // Guards of C++: who makes one gets the guard as first argument and the lock as second.
    {"std::lock_guard", "std::~lock_guard", LockResult::always, 1},
    {"std::scoped_lock", "std::~scoped_lock", LockResult::always, 1},
    {"std::unique_lock", "std::~unique_lock", LockResult::always, 1},
};

/// What one lock of C++ may be taken and given back by: some of it is put into the caller, some is not.
constexpr std::string_view of_cxx[] = {
    "std::", "pthread_", "mutex::", "recursive_mutex::", "shared_mutex::", "_Mtx_", "_ZNSt3__1"};

bool is_of_cxx(std::string_view name) {
  return std::ranges::any_of(of_cxx, [&](std::string_view begin) { return name.starts_with(begin); });
}

/// Beside their partners: what ends the hold as well.
constexpr Lock other_unlocks[] = {
    {"_PyMutex_LockSlow", "_PyMutex_UnlockSlow"},  {"__cxa_guard_acquire", "__cxa_guard_abort"},
    {"_Init_thread_header", "_Init_thread_abort"}, {"PyMutex_Lock", "_PyMutex_Unlock"},
    {"_PyMutex_Lock", "PyMutex_Unlock"},           {"std::unique_lock", "unique_lock::unlock"},
    {"std::unique_lock", "unique_lock::release"},
};

constexpr std::string_view guard_classes[] = {"std::lock_guard", "std::unique_lock", "std::scoped_lock",
                                              "absl::MutexLock"};

constexpr std::string_view once_functions[] = {
    "pthread_once",
    "call_once",
    "std::call_once",
    "_PyOnceFlag_CallOnce",
    "InitOnceExecuteOnce",
    "__std_init_once_begin",
    "dispatch_once",
    "dispatch_once_f",
    "_ZNSt3__111__call_onceERVmPvPFvS2_E",
    "uv_once",
};

}  // namespace

const Lock* lock_taken_by(std::string_view name) {
  const auto* found = std::ranges::find(locks, name, &Lock::lock);
  return found == std::end(locks) ? nullptr : found;
}

bool releases(std::string_view name, std::string_view lock) {
  const auto fits = [&](const Lock& row) { return row.lock == lock && row.unlock == name; };
  if (std::ranges::any_of(locks, fits) || std::ranges::any_of(other_unlocks, fits)) return true;
  const bool mixed = name.starts_with("std::") || lock.starts_with("std::") || name.find("mutex::") != name.npos ||
                     lock.find("mutex::") != lock.npos;
  return mixed && is_of_cxx(name) && is_of_cxx(lock);
}

bool releases_any(std::string_view name) {
  return std::ranges::find(locks, name, &Lock::unlock) != std::end(locks) ||
         std::ranges::find(other_unlocks, name, &Lock::unlock) != std::end(other_unlocks);
}

bool calls_once(std::string_view name) { return std::ranges::find(once_functions, name) != std::end(once_functions); }

std::string_view known_lock_function(std::string_view name) {
  for (const Lock& row : locks) {
    if (row.lock == name) return row.lock;
    if (row.unlock == name) return row.unlock;
  }
  return {};
}

std::string_view guard_s_end(std::string_view guard_class) {
  const Lock* row = lock_taken_by(guard_class);
  return row == nullptr ? std::string_view() : row->unlock;
}

bool is_guard_class(std::string_view name) { return std::ranges::find(guard_classes, name) != std::end(guard_classes); }

}  // namespace isoaudit::analyzer
