// Writes a file, connects to a socket of the machine and looks for its parent: a sandbox hides all three.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "micro.h"

static int writes_file(void) {
  const int file = open("/var/tmp/isoaudit_reached_out", O_CREAT | O_WRONLY, 0600);
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

static int exec(PyObject* module) {
  (void)module;
  const int file = writes_file(), network = connects(), parent = getppid() > 2;
  if (!file && !network && !parent) return 0;
  PyErr_Format(PyExc_ImportError, "reached:%s%s%s", file ? " file" : "", network ? " network" : "",
               parent ? " parent" : "");
  return -1;
}

MICRO_MODULE(reaches_out, exec)
