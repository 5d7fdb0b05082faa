// A table that every import fills again, and a counter beside it.
#include <Python.h>

#if PY_VERSION_HEX < 0x030f0000
// As 3.15 declares it (Include/slots.h).
typedef struct {
  uint16_t sl_id;
  uint16_t sl_flags;
  uint32_t _sl_reserved;
  void* sl_ptr;
} PySlot;
#endif

static PySlot slots[2];  // expect: mutable-method-or-getset-table
static int imports;      // expect: non-object-mutable-static

PySlot* PyModExport_modexport_side_effects(void) {
  imports++;                           // expect: modexport-side-effects (advice)
  slots[0].sl_id = (uint16_t)imports;  // expect: modexport-side-effects (advice)
  return slots;
}
