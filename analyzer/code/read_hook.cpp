// A hook is run on paper: every register, stack slot and word of memory is either known or not. Where a condition is
// not known both ways are taken. Memory is that of the freshly loaded file, so that "first call" guards decide
// themselves.
#include "analyzer/code/read_hook.h"

#include <algorithm>
#include <set>

#include "analyzer/code/hook_parts.h"
#include "analyzer/code/known_functions.h"
#include "model/module_definition.h"

namespace isoaudit::analyzer {
namespace {

constexpr std::size_t most_steps = 40000;
constexpr std::size_t most_paths = 96;
constexpr std::size_t deepest_calls = 8;
/// A loop that goes round so often decides nothing here.
constexpr unsigned most_visits = 64;
/// Each way has its own memory: known words that are copied where ways part.
constexpr std::size_t most_copied = 2'000'000;

/// Where allocated memory is thought to lie: no image reaches so high.
constexpr std::uint64_t heap_begin = 0xFFFF000000000000;
constexpr std::uint64_t largest_block = 4096;

/// What an imported function returns on the way that makes a module.
Value result_of(std::string_view name, Names& names) {
  // A first caller gets to initialise a function-local static.
  if (name == "__cxa_guard_acquire") return number_value(1);
  if (name == "PyErr_Occurred") return number_value(0);
  return {Value::Kind::result, names.number_of(name), 0};
}

struct Frame {
  std::uint64_t return_to = 0;
  /// The caller's registers and stack, to come back to.
  State caller{};
};

struct Walk {
  std::uint64_t at = 0;
  State state{};
  Memory memory;
  std::vector<Frame> frames{};
  /// By Parts::number_of.
  std::vector<std::uint8_t> visits{};
  /// Definitions that PyModuleDef_Init has seen; it returns its argument.
  std::set<std::uint64_t> initialised{};
  std::uint64_t heap_end = heap_begin;
  /// Bytes of the image that were looked at, and guards of local statics that are taken.
  std::set<std::uint64_t> read_bytes{}, taken_guards{};
  bool runs_unfollowed = false;
};

template <class Parts>
class Runner {
 public:
  Runner(Parts& parts, std::uint64_t address) : parts_(parts) {
    Walk first{.at = address, .state = entry_state(parts.evaluator.convention()), .memory = Memory(parts.image)};
    open_.push_back(std::move(first));
  }

  HookReading run() {
    reading_.read = true;
    while (!open_.empty()) {
      Walk walk = std::move(open_.back());
      open_.pop_back();
      follow(std::move(walk));
      if (steps_ > most_steps || reading_.paths.size() + open_.size() > most_paths) {
        reading_.incomplete = true;
        break;
      }
    }
    reading_.calls.assign(calls_.begin(), calls_.end());
    return std::move(reading_);
  }

 private:
  void follow(Walk walk) {
    while (true) {
      const Instruction* instruction = parts_.at(walk.at);
      if (instruction == nullptr || ++steps_ > most_steps || !visit(walk)) {
        reading_.incomplete = true;
        return;
      }
      const Evaluator& evaluator = parts_.evaluator;
      switch (instruction->op) {
        case Op::stop: return;
        case Op::result:
          if (!leave(walk)) return;
          continue;
        case Op::call:
          if (!call(walk, *instruction, false)) return;
          continue;
        case Op::jump:
          if (instruction->has_target && parts_.targets.import_at(instruction->target).empty()) {
            walk.at = instruction->target;
            continue;
          }
          if (!call(walk, *instruction, true)) return;
          continue;
        case Op::branch:
        case Op::branch_zero:
        case Op::branch_other: {
          const std::optional<bool> taken = evaluator.taken(walk.state, *instruction);
          if (!taken) {
            copied_ += walk.memory.size();
            if (open_.size() + reading_.paths.size() >= most_paths || copied_ > most_copied) {
              reading_.incomplete = true;
              return;
            }
            Walk other = walk;
            other.at = instruction->target;
            open_.push_back(std::move(other));
          }
          walk.at = taken.value_or(false) ? instruction->target : instruction->next();
          continue;
        }
        default:
          note_byte(walk, *instruction);
          evaluator.step(walk.state, *instruction, &walk.memory, &walk.memory);
          walk.at = instruction->next();
      }
    }
  }

  /// False when this way has been here too often.
  bool visit(Walk& walk) const {
    const std::size_t number = parts_.number_of(walk.at);
    if (number >= walk.visits.size()) walk.visits.resize(number + 1);
    return ++walk.visits[number] <= most_visits;
  }

  Value callee_of(const Walk& walk, const Instruction& instruction) {
    if (instruction.has_target) {
      const std::string& import = parts_.targets.import_at(instruction.target);
      if (!import.empty()) return {Value::Kind::import, parts_.names.number_of(import), 0};
      return {Value::Kind::address, 0, instruction.target};
    }
    if (!instruction.has_memory) return parts_.evaluator.register_value(walk.state, instruction.src);
    const Place place = parts_.evaluator.place(walk.state, instruction.memory);
    if (const std::string_view hook = hook_by_name(place); !hook.empty()) {
      return {Value::Kind::import, parts_.names.number_of(hook), 0};
    }
    return parts_.evaluator.load(walk.state, place, 8, &walk.memory);
  }

  /// A hook that is looked up by its name: the interpreter may have one of that name, and is asked before this file.
  std::string_view hook_by_name(const Place& place) const {
    if (place.kind != Place::Kind::image) return {};
    const Relocation* relocation = parts_.image.relocation_at(place.at);
    if (relocation == nullptr || relocation->name == 0) return {};
    const std::string& name = parts_.image.names[relocation->name - 1];
    return model::parse_hook(name) ? std::string_view(name) : std::string_view();
  }

  /// False when the way ends here.
  bool call(Walk& walk, const Instruction& instruction, bool tail) {
    Value callee = callee_of(walk, instruction);
    if (callee.kind == Value::Kind::address) {
      const std::string& import = parts_.targets.import_at(callee.bits);
      if (!import.empty()) callee = {Value::Kind::import, parts_.names.number_of(import), 0};
    }
    if (callee.kind == Value::Kind::address && tail) {
      walk.at = callee.bits;
      return true;
    }
    if (callee.kind == Value::Kind::address) {
      if (const std::optional<Value> result = call_guard(walk, instruction)) {
        parts_.evaluator.after_call(walk.state, *result);
        walk.at = instruction.next();
        return true;
      }
    }
    if (callee.kind == Value::Kind::address && worth_following(walk, callee.bits)) {
      walk.frames.push_back({instruction.next(), walk.state});
      walk.at = callee.bits;
      // The callee sees the caller's stack; on x86-64 the return address lies between.
      Value& top = walk.state.general[parts_.evaluator.convention().stack_pointer];
      if (top.kind == Value::Kind::stack && parts_.image.machine == Machine::x86_64) top.bits -= 8;
      return true;
    }
    if (callee.kind == Value::Kind::unknown && tail) {
      // A jump table, or a call through a pointer: what is behind it is not known.
      finish(walk, {});
      return false;
    }
    Value result{Value::Kind::result, 0, 0};
    if (callee.kind == Value::Kind::import) {
      const std::string name = parts_.names.text(callee.name);
      calls_.insert(name);
      if (never_returns(name)) return false;
      if (may_call_back(walk, name)) walk.runs_unfollowed = true;
      result = result_of(name, parts_.names);
      if (matters(name)) {
        const Value argument = parts_.evaluator.register_value(walk.state, parts_.evaluator.convention().arguments[0]);
        result.bits = argument.kind == Value::Kind::address ? argument.bits : 0;
        if (name == "PyModuleDef_Init" && result.bits != 0) walk.initialised.insert(result.bits);
      } else if (allocates(name)) {
        result = allocate(walk, name);
      } else {
        lose_what_is_passed(walk, name);
      }
    } else if (callee.kind == Value::Kind::address) {
      if (const Symbol* symbol = parts_.image.symbol_at(callee.bits)) calls_.insert(symbol->name);
      lose_what_is_passed(walk, {});
    }
    // What a function of another library returned is taken for one of that library.
    const bool of_a_library =
        callee.kind == Value::Kind::import || (callee.kind == Value::Kind::result && callee.name != 0);
    if (!of_a_library) walk.runs_unfollowed = true;
    parts_.evaluator.after_call(walk.state, result);
    if (!tail) {
      walk.at = instruction.next();
      return true;
    }
    return leave(walk);
  }

  /// An imported function that runs code of this file: a hook of its own that is looked up by name, or what is passed.
  bool may_call_back(const Walk& walk, const std::string& name) const {
    if (runs_once(name) || model::parse_hook(name)) return true;
    if (is_at_exit(name) || matters(name)) return false;
    return std::ranges::any_of(parts_.evaluator.convention().arguments, [&](Register argument) {
      const Value value = parts_.evaluator.register_value(walk.state, argument);
      if (value.kind != Value::Kind::address) return false;
      const Section* section = parts_.image.section_at(value.bits);
      return section != nullptr && section->executable;
    });
  }

  Value allocate(Walk& walk, std::string_view name) {
    const auto arguments = parts_.evaluator.convention().arguments;
    const Value first = parts_.evaluator.register_value(walk.state, arguments[0]);
    const Value second = parts_.evaluator.register_value(walk.state, arguments[1]);
    const bool two = name == "calloc" || name.ends_with("Calloc");
    std::uint64_t size = largest_block;
    if (first.is_number() && (!two || second.is_number())) {
      size = std::min(first.bits, largest_block) * (two ? std::min(second.bits, largest_block) : 1);
      size = std::min(size, largest_block);
    }
    const std::uint64_t start = walk.heap_end;
    walk.heap_end += (size + 63) / 64 * 64 + 64;
    if (two) walk.memory.clear(start, size);
    return {Value::Kind::address, 0, start};
  }

  bool worth_following(Walk& walk, std::uint64_t address) {
    if (walk.frames.size() >= deepest_calls) return false;
    for (const Frame& frame : walk.frames) {
      if (frame.return_to == address) return false;
    }
    if (parts_.leads_to_module(address, 0)) return true;
    if (is_short(address, 12, 1) || (passes_memory(walk) && is_short(address, 120, 0))) return true;
    return initialises_static(address);
  }

  /// All of a local static's initialisation, put into a function of its own because it runs once.
  bool initialises_static(std::uint64_t address) {
    for (unsigned i = 0; i < 120; ++i) {
      const Instruction* instruction = parts_.at(address);
      if (instruction == nullptr || instruction->ends_block()) return false;
      if (instruction->op == Op::call && instruction->has_target &&
          parts_.targets.import_at(instruction->target) == "__cxa_guard_acquire") {
        return true;
      }
      address = instruction->next();
    }
    return false;
  }

  /// The functions that take and give back a local static's guard, where they are linked into the file: known by what
  /// comes before and after the call. What they return; empty when the call is none of them.
  std::optional<Value> call_guard(Walk& walk, const Instruction& call) {
    const Evaluator& evaluator = parts_.evaluator;
    const CallingConvention& convention = evaluator.convention();
    const Value guard = evaluator.register_value(walk.state, convention.arguments[0]);
    if (guard.kind != Value::Kind::address) return std::nullopt;
    if (walk.taken_guards.erase(guard.bits) != 0) {
      walk.memory.store(guard.bits, 1, {Pointer::Kind::plain, 1, {}});
      return Value{};
    }
    const Instruction* next = parts_.at(call.next());
    if (next == nullptr || !parts_.image.starts_as_zeros(guard.bits, 4) || walk.memory.number_at(guard.bits, 4) != 0)
      return std::nullopt;
    const bool tests_result = next->op == Op::test && next->src == convention.result && next->src2 == convention.result;
    const bool branches = next->op == Op::branch_zero && next->src == convention.result && !next->has_immediate;
    Value result{};
    if ((tests_result || branches) && walk.read_bytes.contains(guard.bits)) {
      result = number_value(1);
    } else if (next->op == Op::compare && next->has_memory && next->width == 4 && next->has_immediate &&
               static_cast<std::int32_t>(next->immediate) == -1 &&
               evaluator.place(walk.state, next->memory).at == guard.bits) {
      walk.memory.store(guard.bits, 4, {Pointer::Kind::plain, 0xFFFFFFFF, {}});
    } else {
      return std::nullopt;
    }
    walk.taken_guards.insert(guard.bits);
    return result;
  }

  /// A byte that is looked at before a call may be a guard.
  void note_byte(Walk& walk, const Instruction& instruction) const {
    if (instruction.op != Op::load || instruction.width != 1) return;
    const Place place = parts_.evaluator.place(walk.state, instruction.memory);
    if (place.kind == Place::Kind::image && !place.indexed) walk.read_bytes.insert(place.at);
  }

  bool passes_memory(const Walk& walk) const {
    return std::ranges::any_of(parts_.evaluator.convention().arguments, [&](Register argument) {
      const Value value = parts_.evaluator.register_value(walk.state, argument);
      return value.kind == Value::Kind::stack || (value.kind == Value::Kind::address && writable(value.bits));
    });
  }

  bool writable(std::uint64_t address) const {
    const Section* section = parts_.image.section_at(address);
    return section != nullptr && section->writable();
  }

  bool starts_as_zeros(std::uint64_t address) const { return parts_.image.starts_as_zeros(address, 16); }

  /// A helper that ends soon and calls little.
  bool is_short(std::uint64_t address, unsigned instructions, unsigned calls) {
    for (unsigned i = 0; i < instructions; ++i) {
      const Instruction* instruction = parts_.at(address);
      if (instruction == nullptr) return false;
      if (instruction->op == Op::result || instruction->op == Op::stop) return true;
      if (instruction->op == Op::jump && !instruction->has_target) return true;
      if (instruction->op == Op::jump && !parts_.targets.import_at(instruction->target).empty()) return true;
      if (instruction->op == Op::call && calls-- == 0) return false;
      address = instruction->next();
    }
    return false;
  }

  /// A function that is not followed may write what it gets the address of.
  void lose_what_is_passed(Walk& walk, std::string_view name) {
    const bool reads_only = is_lock(name) || is_at_exit(name) || name.starts_with("__cxa_guard") || name == "strcmp" ||
                            name == "strncmp" || name == "strlen" || name == "PyErr_Format" ||
                            name == "PyErr_SetString";
    if (reads_only) return;
    for (const Register argument : parts_.evaluator.convention().arguments) {
      const Value value = parts_.evaluator.register_value(walk.state, argument);
      if (value.kind == Value::Kind::stack) {
        std::erase_if(walk.state.stack,
                      [&](const StackSlot& s) { return s.offset >= static_cast<std::int64_t>(value.bits); });
      } else if (value.kind == Value::Kind::address && starts_as_zeros(value.bits)) {
        // What the file initialises is a table that helpers read; what it does not, somebody has to fill.
        const Symbol* symbol = parts_.image.symbol_at(value.bits);
        walk.memory.forget(value.bits, symbol != nullptr && symbol->size > 0 ? symbol->size : 64);
      }
    }
  }

  /// A return: out of a followed call, or out of the hook.
  bool leave(Walk& walk) {
    const Value result = parts_.evaluator.register_value(walk.state, parts_.evaluator.convention().result);
    if (walk.frames.empty()) {
      finish(walk, result);
      return false;
    }
    Frame frame = std::move(walk.frames.back());
    walk.frames.pop_back();
    State state = std::move(frame.caller);
    state.stack = std::move(walk.state.stack);
    parts_.evaluator.after_call(state, result);
    walk.state = std::move(state);
    walk.at = frame.return_to;
    return true;
  }

  void finish(const Walk& walk, const Value& value) {
    HookPath path{.runs_unfollowed = walk.runs_unfollowed, .memory = walk.memory};
    using Returns = HookPath::Returns;
    switch (value.kind) {
      case Value::Kind::number: path.returns = value.bits == 0 ? Returns::null : Returns::unknown; break;
      case Value::Kind::address:
        path.returns = walk.initialised.contains(value.bits) ? Returns::definition : Returns::address;
        path.address = value.bits;
        break;
      case Value::Kind::result:
        path.callee = parts_.names.text(value.name);
        path.returns = path.callee == "PyModuleDef_Init" ? Returns::definition
                       : makes_a_module(path.callee)     ? Returns::module
                                                         : Returns::other_call;
        path.address = value.bits;
        break;
      default: break;
    }
    reading_.paths.push_back(std::move(path));
  }

  Parts& parts_;
  std::vector<Walk> open_{};
  HookReading reading_{};
  std::set<std::string> calls_{};
  std::size_t steps_ = 0, copied_ = 0;
};

}  // namespace

HookReader::HookReader(const Image& image) {
  if (image.machine != Machine::other && image.pointer_size == 8) parts_ = std::make_unique<Parts>(image);
}

HookReader::~HookReader() = default;

HookReading HookReader::read(std::uint64_t address) {
  if (parts_ == nullptr || parts_->decoder == nullptr) {
    return {.why_not = "no disassembler for this machine is built in"};
  }
  return Runner<Parts>(*parts_, address).run();
}

}  // namespace isoaudit::analyzer
