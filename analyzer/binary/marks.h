#pragma once

#include <string>
#include <vector>

#include "analyzer/image/image.h"
#include "model/binary_facts.h"

namespace isoaudit::analyzer {

/// What a file's texts tell of its making (rules.md 5).
struct Marks {
  model::Framework framework = model::Framework::none;
  std::string framework_version{};
  std::vector<std::string> guard_texts{};
  std::vector<std::string> linked_in{};
  std::vector<std::string> capsule_names{};
};

Marks find_marks(const Image& image);

}  // namespace isoaudit::analyzer
