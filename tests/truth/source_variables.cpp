// What the source pass knows of each variable: source_variables BUILD_DIR ROOT... Prints, for every variable with
// static storage, a line "FILE <tab> NAME <tab> open or harmless <tab> TIMES <tab> WHY"; TIMES are the times at which
// it is written, WHY is its type or, of a harmless one, the reason. A report folds what generators write; this does
// not. What could not be read gives "gap <tab> INPUT <tab> REASON".
#include <cstdio>
#include <set>
#include <string>

#include "analyzer/source/collect_source.h"
#include "rules/harmless.h"
#include "rules/variables.h"
#include "rules/written.h"

using namespace isoaudit;

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  analyzer::SourceOptions options;
  options.build_dirs = {argv[1]};
  options.roots.assign(argv + 2, argv + argc);
  const analyzer::SourceResult result = analyzer::collect_source(options);
  for (const model::Gap& gap : result.gaps) std::printf("gap\t%s\t%s\n", gap.input.c_str(), gap.reason.c_str());
  for (const model::Variable& variable : result.facts.variables) {
    std::string why = rules::harmless_reason(variable);
    if (why.empty()) why = rules::explain_writes(variable);
    const bool harmless = !why.empty();
    std::set<std::string> times;
    for (const model::Write& write : variable.writes) {
      // Of the memory that it points to the code reader says nothing.
      if (write.kind == model::WriteKind::pointee) continue;
      for (const model::Reached& reached : write.reached) times.insert(model::to_string(reached.when));
    }
    std::string all;
    for (const std::string& time : times) all += (all.empty() ? "" : " ") + time;
    std::printf("%s\t%s\t%s\t%s\t%s\n", variable.where.file.c_str(), variable.name.c_str(),
                harmless ? "harmless" : "open", all.c_str(), harmless ? why.c_str() : variable.type.c_str());
  }
}
