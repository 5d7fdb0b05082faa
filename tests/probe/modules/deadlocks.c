// Two locks, taken in one order by every other interpreter and in the opposite one by those between. One interpreter
// after the other gets along; two at the same moment wait for each other.
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>
#include "micro.h"

static pthread_mutex_t locks[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
static atomic_uint turn;

static int exec(PyObject* module) {
  (void)module;
  const unsigned first = atomic_fetch_add(&turn, 1) % 2;
  pthread_mutex_lock(&locks[first]);
  usleep(200000);
  pthread_mutex_lock(&locks[1 - first]);
  pthread_mutex_unlock(&locks[1 - first]);
  pthread_mutex_unlock(&locks[first]);
  return 0;
}

MICRO_MODULE(deadlocks, exec)
