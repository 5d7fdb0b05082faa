#pragma once

#include <string>
#include <vector>

#include "model/facts.h"
#include "model/finding.h"

/// Sources that say different things to different Pythons are judged once for each set of Pythons (model::SourceView);
/// here the answers become one list again.
namespace isoaudit::rules {

/// What was found under some of the Pythons.
struct ViewFindings {
  std::vector<std::string> pythons{};
  std::vector<model::Finding> findings{};
};

/// Removes what is about compiled modules and runs of other audited Pythons alone.
void drop_what_is_of_others(ViewFindings& view, const model::Facts& facts);

/// The same thing found under several sets is one finding, as severe as under the worst of them; it names its Pythons
/// unless it holds for all. `columns`: all audited Pythons, in order.
std::vector<model::Finding> merge_views(std::vector<ViewFindings> views, const std::vector<std::string>& columns);

}  // namespace isoaudit::rules
