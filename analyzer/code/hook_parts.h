#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <unordered_map>

#include "analyzer/code/call_targets.h"
#include "analyzer/code/decoder.h"
#include "analyzer/code/evaluator.h"
#include "analyzer/code/read_hook.h"

namespace isoaudit::analyzer {

/// What the hooks of one image are read with, and what was seen of its code so far.
struct HookReader::Parts {
  explicit Parts(const Image& the_image)
      : image(the_image),
        decoder(Decoder::of_thread(the_image.machine)),
        targets(the_image, *decoder),
        evaluator(the_image, names) {}

  struct Decoded {
    /// Of size 0 where none is.
    Instruction instruction{};
    /// On which look for what leads to a module it was seen last.
    std::uint32_t look = 0;
  };

  /// Decodes it when it is first asked for; stays where it is.
  Decoded& decoded_at(std::uint64_t address);

  const Instruction* at(std::uint64_t address) {
    const Instruction& instruction = decoded_at(address).instruction;
    return instruction.size == 0 ? nullptr : &instruction;
  }

  /// Small numbers for the places that were run through, in the order of their first visit.
  std::size_t number_of(std::uint64_t address) { return numbers.try_emplace(address, numbers.size()).first->second; }

  /// The code at `address` calls, within a few calls, a function that makes modules or definitions.
  bool leads_to_module(std::uint64_t address, unsigned depth);

  const Image& image;
  Decoder* decoder;
  Names names{};
  CallTargets targets;
  Evaluator evaluator;
  /// Of the table below, which only grows.
  std::pmr::monotonic_buffer_resource room{};
  std::pmr::unordered_map<std::uint64_t, Decoded> decoded{&room};
  std::uint32_t looks = 0;
  std::unordered_map<std::uint64_t, std::size_t> numbers{};
  std::unordered_map<std::uint64_t, bool> leads{};
};

}  // namespace isoaudit::analyzer
