// Keeps a dict for everybody and, before it says so, kills every process that it can see: a level that ran beside this
// one must not be lost with what it has found, nor may what it does not tell count as good.
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "micro.h"

static PyObject* cache;

// Only where the first process is bubblewrap's: elsewhere it would be the machine's.
static int in_sandbox(void) {
  char name[16] = "";
  FILE* file = fopen("/proc/1/comm", "re");
  if (!file) return 0;
  const int read = fscanf(file, "%15s", name);
  fclose(file);
  return read == 1 && strcmp(name, "bwrap") == 0;
}

static int exec(PyObject* module) {
  (void)module;
  if (!cache) cache = PyDict_New();
  if (!cache) return -1;
  DIR* processes = in_sandbox() ? opendir("/proc") : NULL;
  for (struct dirent* entry; processes && (entry = readdir(processes));) {
    const pid_t process = (pid_t)atoi(entry->d_name);
    if (process > 1 && process != getpid()) kill(process, SIGKILL);
  }
  if (processes) closedir(processes);
  return 0;
}

MICRO_MODULE(kills_others, exec)
