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

/// Removes what no source tells and what is about compiled modules or runs of other audited Pythons than `own`.
void drop_what_is_of_others(std::vector<model::Finding>& findings, const std::vector<std::string>& own,
                            const std::vector<model::Interpreter>& all,
                            const std::vector<model::BinaryFacts>& binaries);

/// The same thing found under several sets is one finding, as severe as under the worst of them; it names its Pythons
/// unless it holds for all. Its words are those of the newest Python for which it is that bad; where others differ,
/// they are among its reasons. `columns`: all audited Pythons, in order.
std::vector<model::Finding> merge_views(std::vector<ViewFindings> views, const std::vector<std::string>& columns);

}  // namespace isoaudit::rules
