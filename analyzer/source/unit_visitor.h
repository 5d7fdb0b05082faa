#pragma once

#include <clang/AST/ASTContext.h>
#include <clang/Lex/Preprocessor.h>

#include <string>

#include "analyzer/source/source_places.h"
#include "analyzer/source/unit_facts.h"
#include "analyzer/source/users_names.h"

namespace isoaudit::analyzer {

/// Walks the project's declarations of a parsed unit once and brings its facts; `main_file` is the unit's name in the
/// report, `names` what the user adds to the classes that own a Python object.
UnitFacts collect_unit(clang::ASTContext& ast, clang::Preprocessor& preprocessor, SourcePlaces& places,
                       const UsersNames& names, const std::string& main_file);

}  // namespace isoaudit::analyzer
