// Writes a file (where it may not, it takes the lock off the file system first), connects to a socket of the machine,
// looks for its parent and into it: a sandbox hides all four.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "micro.h"

static int writes_file(void) {
  static const char path[] = "/var/tmp/isoaudit_reached_out";
  int file = open(path, O_CREAT | O_WRONLY, 0600);
  // Root with all its rights unlocks what only a flag of the mount has locked.
  if (file < 0 && errno == EROFS && mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL) == 0) {
    file = open(path, O_CREAT | O_WRONLY, 0600);
  }
  if (file < 0) return 0;
  close(file);
  return 1;
}

// Abstract names belong to the network namespace.
static int connects(void) {
  static const char name[] = "isoaudit_reached_out";
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path + 1, name, sizeof name);
  const int socket_ = socket(AF_UNIX, SOCK_STREAM, 0);
  const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + sizeof name);
  const int there = connect(socket_, (struct sockaddr*)&address, size) == 0;
  close(socket_);
  return there;
}

// With it one level could write another one's answers.
static int opens_memory_of(pid_t process) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/mem", (int)process);
  const int memory = open(path, O_RDWR);
  if (memory >= 0) close(memory);
  return memory >= 0;
}

static int exec(PyObject* module) {
  (void)module;
  const int file = writes_file(), network = connects(), parent = getppid() > 2, memory = opens_memory_of(getppid());
  if (!file && !network && !parent && !memory) return 0;
  PyErr_Format(PyExc_ImportError, "reached:%s%s%s%s", file ? " file" : "", network ? " network" : "",
               parent ? " parent" : "", memory ? " memory" : "");
  return -1;
}

MICRO_MODULE(reaches_out, exec)
