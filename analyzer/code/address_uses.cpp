#include "analyzer/code/address_uses.h"

#include <array>

#include "analyzer/code/page_uses.h"

namespace isoaudit::analyzer {
namespace {

/// AArch64's pages: which register holds one, in the order of the instructions. Compilers put the second half close to
/// the first.
class Pages {
 public:
  Pages(const std::function<void(std::uint64_t, bool)>& take, const std::function<void(std::uint64_t)>& take_page)
      : take_(take), take_page_(take_page) {}

  ~Pages() = default;
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  void look(const Instruction& instruction) {
    const bool is_page = forms_page(instruction);
    if (known_ == 0 && !is_page) return;
    if (instruction.op == Op::add && instruction.has_immediate && instruction.src2 == no_register) {
      use(instruction.src, instruction.immediate, false);
    } else if (instruction.has_memory && instruction.memory.index == no_register) {
      use(instruction.memory.base, instruction.memory.displacement, instruction.op != Op::address);
    }
    lose(instruction.dst);
    if (instruction.pair && instruction.op == Op::load) lose(instruction.src2);
    for (std::uint64_t lost = instruction.clobbers & 0xFFFFFFFF; lost != 0; lost &= lost - 1) {
      lose(static_cast<Register>(__builtin_ctzll(lost)));
    }
    if (is_page) {
      held_[instruction.dst] = {static_cast<std::uint64_t>(instruction.memory.displacement), true, false};
      ++known_;
    }
  }

  void finish() {
    for (std::size_t i = 0; i < held_.size(); ++i) lose(static_cast<Register>(i));
  }

 private:
  struct Held {
    std::uint64_t page = 0;
    bool known = false, used = false;
  };

  void use(Register base, std::int64_t offset, bool read) {
    if (base >= held_.size() || !held_[base].known) return;
    held_[base].used = true;
    take_(held_[base].page + static_cast<std::uint64_t>(offset), read);
  }

  void lose(Register number) {
    if (number >= held_.size() || !held_[number].known) return;
    if (!held_[number].used) take_page_(held_[number].page);
    held_[number] = {};
    --known_;
  }

  const std::function<void(std::uint64_t, bool)>& take_;
  const std::function<void(std::uint64_t)>& take_page_;
  std::array<Held, 32> held_{};
  /// How many registers hold one.
  unsigned known_ = 0;
};

}  // namespace

void each_address(const Image& image, const FunctionCode& function,
                  const std::function<void(std::uint64_t, bool)>& take,
                  const std::function<void(std::uint64_t)>& take_page) {
  const bool in_pages = image.machine == Machine::aarch64;
  if (in_pages) {
    Pages pages(take, take_page);
    for (const Instruction& instruction : function.instructions) pages.look(instruction);
    pages.finish();
  }
  for (const std::uint32_t number : function.outward) {
    const Instruction& instruction = function.instructions[number];
    if (!instruction.names_address() || instruction.op == Op::call || instruction.op == Op::jump) continue;
    const auto address = static_cast<std::uint64_t>(instruction.memory.displacement);
    if (in_pages && forms_page(instruction)) continue;
    take(address, instruction.op != Op::address);
  }
}

}  // namespace isoaudit::analyzer
