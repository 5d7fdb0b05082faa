#pragma once

#include <string>
#include <vector>

#include "analyzer/source/project_settings.h"
#include "model/gap.h"
#include "model/python_version.h"

namespace isoaudit::cli {

/// Asks `python`, in a child process, how the projects of these roots compile their extension modules: it parses their
/// build files and runs nothing of them. Without an interpreter nothing is known; a build file that cannot be read is
/// one that says nothing.
std::vector<analyzer::ProjectSettings> read_project_settings(const std::vector<std::string>& roots,
                                                             const model::Interpreter* python,
                                                             std::vector<model::Gap>& gaps);

}  // namespace isoaudit::cli
