// Changes at import what belongs to the whole process.
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "micro.h"

static void ignore(int number) { (void)number; }

static int exec(PyObject* module) {
  (void)module;
  if (chdir("/") != 0) return -1;
  umask(0);
  setenv("ISOAUDIT_TEST", "secret", 1);
  setlocale(LC_ALL, "C");
  signal(SIGUSR1, ignore);
  return 0;
}

MICRO_MODULE(changes_process, exec)
