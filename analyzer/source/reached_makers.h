#pragma once

#include <clang/AST/Decl.h>

#include "analyzer/source/source_places.h"

namespace isoaudit::analyzer {

/// Of a hook whose result could not be followed (a class of the project holds it, say): whether the project's functions
/// that it leads to in this unit make a module object at once, and nothing that they call could hand a definition back
/// to the import system.
bool only_makes_modules_at_once(const clang::FunctionDecl* hook, SourcePlaces& places);

}  // namespace isoaudit::analyzer
