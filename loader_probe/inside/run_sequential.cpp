// Isolated interpreters one after the other, each ended before the next is made; and what each of them leaves behind.
#include "loader_probe/inside/emit.h"
#include "loader_probe/inside/events.h"
#include "loader_probe/inside/leftovers.h"
#include "loader_probe/inside/levels.h"

namespace isoaudit::inside {
namespace {

/// Growth needs more than one difference: the first interpreter fills what is filled once, the others show the trend.
constexpr unsigned kRoundsOfTrend = 4;

struct Left {
  Leftovers more{};
  std::vector<std::string> types{};
  bool any_beyond(const Leftovers& usual, bool count_blocks) const {
    return (count_blocks && (more.blocks > usual.blocks || more.mappings > usual.mappings)) ||
           more.threads > usual.threads || more.descriptors > usual.descriptors || !types.empty();
  }
};

Leftovers count_now(Interpreter& main) {
  main.enter();
  const Leftovers now = count_leftovers(main);
  Interpreter::leave();
  return now;
}

Leftovers difference(const Leftovers& after, const Leftovers& before) {
  return {after.blocks - before.blocks, after.threads - before.threads, after.descriptors - before.descriptors,
          after.mappings - before.mappings};
}

void report(const Left& left, int round) {
  std::string types = "[";
  for (const std::string& name : left.types) {
    if (types.size() > 1) types += ',';
    types += quote(name);
  }
  types += ']';
  Event(events::left)
      .number("round", round)
      .number("blocks", left.more.blocks)
      .number("threads", left.more.threads)
      .number("descriptors", left.more.descriptors)
      .number("mappings", left.more.mappings)
      .raw("types", types);
}

}  // namespace

void run_sequential(const Config& config, Interpreter& main) {
  std::string error;
  Leftovers before = count_now(main);
  // Returns false when no interpreter could be made.
  const auto live_once = [&](Left& left, auto&& use) {
    step(events::step_create, 0, 0);
    Interpreter one = Interpreter::create(Kind::isolated, config, error);
    if (!error.empty()) {
      Event(events::not_possible).text("text", error);
      return false;
    }
    LivingTypes types;
    use(one, types);
    one.destroy();
    const Leftovers after = count_now(main);
    left = {difference(after, before), types.still_there()};
    before = after;
    return true;
  };
  const auto use_module = [&](unsigned round) {
    return [&config, round](Interpreter& one, LivingTypes& types) {
      if (!one.import_audited(config, round)) return;
      one.exercise(config);
      types.note(one);
    };
  };

  // The interpreter's own leftovers first, so that the module is not blamed for them. The second one is usual.
  Left usual;
  for (int i = 0; i < 2; ++i) {
    if (!live_once(usual, [](Interpreter&, LivingTypes&) {})) return;
  }
  report(usual, -1);
  bool grows = false;
  for (unsigned round = 0; round < 2 || (grows && round < kRoundsOfTrend); ++round) {
    Left left;
    if (!live_once(left, use_module(round))) return;
    report(left, static_cast<int>(round));
    if (round > 0) grows = left.any_beyond(usual.more, config.count_blocks);
  }
}

}  // namespace isoaudit::inside
