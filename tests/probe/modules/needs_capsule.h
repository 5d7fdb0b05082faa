// Exec goes on only with another module's functions, as users of array or ufunc tables do.
#pragma once

#include "micro.h"

static void** api;

static int has_capsule(void) {
  api = PyCapsule_Import("pkg.offers_capsule.api", 0);
  return api && ((int (*)(void))api[0])() == 42;
}
