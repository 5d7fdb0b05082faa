#include "analyzer/code/holders.h"

namespace isoaudit::analyzer {
namespace {

/// Of a load or store of one register or two, of which one may be AArch64's zero.
unsigned words_moved(const Instruction& instruction, Register first) {
  const bool whole = instruction.width == 8 || (instruction.width == 16 && is_vector(first));
  return whole && first != no_register ? instruction.width / 8u * (instruction.pair ? 2u : 1u) : 0;
}

struct Part {
  Register number = no_register;
  bool upper = false;
};

/// `first`: what has the first word; src2 has those that it has no room for.
Part part_for(const Instruction& instruction, Register first, unsigned word) {
  const unsigned in_each = instruction.width / 8u;
  return {word >= in_each ? instruction.src2 : first, word % in_each == 1};
}

}  // namespace

unsigned words_loaded(const Instruction& load) { return load.op == Op::load_high ? 1 : words_moved(load, load.dst); }

Holders holder_of_loaded(const Instruction& load, unsigned word) {
  const Part part = load.op == Op::load_high ? Part{load.dst, true} : part_for(load, load.dst, word);
  Holders holders;
  part.upper ? holders.add_upper(part.number) : holders.add_lower(part.number);
  return holders;
}

unsigned words_stored(const Instruction& store) {
  return store.op == Op::store_high ? 1 : words_moved(store, store.src);
}

bool is_stored_from(const Holders& holders, const Instruction& store, unsigned word) {
  const Part part = store.op == Op::store_high ? Part{store.src, true} : part_for(store, store.src, word);
  return part.upper ? holders.in_upper(part.number) : holders.in_lower(part.number);
}

bool surely_overwrites(const Instruction& instruction) {
  if (instruction.op == Op::push) return !instruction.has_memory;
  const bool stores = instruction.op == Op::store || instruction.op == Op::store_high;
  return stores && (instruction.src != no_register || instruction.has_immediate);
}

}  // namespace isoaudit::analyzer
