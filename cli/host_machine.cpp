#include "cli/host_machine.h"

#include <sys/utsname.h>

namespace isoaudit::cli {

std::string host_machine() {
  utsname names{};
  return uname(&names) == 0 ? names.machine : "";
}

}  // namespace isoaudit::cli
