// A thousand threads that sleep until the process ends.
#include <pthread.h>
#include <unistd.h>
#include "micro.h"

static void* wait_for_the_end(void* unused) {
  for (;;) pause();
  return unused;
}

static int exec(PyObject* module) {
  (void)module;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 64 * 1024);
  pthread_t thread;
  for (int i = 0; i < 1000; ++i) {
    if (pthread_create(&thread, &small, wait_for_the_end, NULL) != 0) {
      PyErr_SetString(PyExc_RuntimeError, "no more threads");
      return -1;
    }
  }
  return 0;
}

MICRO_MODULE(starts_threads, exec)
