// Starts a thread for each interpreter, which never ends.
#include <pthread.h>
#include <unistd.h>

#include "micro.h"

static void* wait(void* nothing) {
  for (;;) pause();
  return nothing;
}

static int exec(PyObject* module) {
  (void)module;
  pthread_t thread;
  return pthread_create(&thread, NULL, wait, NULL) == 0 ? pthread_detach(thread) : -1;
}

MICRO_MODULE(leaves_thread, exec)
