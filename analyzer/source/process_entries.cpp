#include "analyzer/source/process_entries.h"

#include <algorithm>

namespace isoaudit::analyzer {
namespace {

// docs.python.org/3/c-api/init.html ("Before Python Initialization", "Initializing and finalizing the interpreter") and
// init_config.html ("Initialization with PyConfig").
constexpr std::string_view names[] = {
    "main",
    "wmain",
    "Py_Initialize",
    "Py_InitializeEx",
    "Py_InitializeFromConfig",
    "Py_PreInitialize",
    "Py_PreInitializeFromArgs",
    "Py_PreInitializeFromBytesArgs",
    "Py_Finalize",
    "Py_FinalizeEx",
    "Py_Main",
    "Py_BytesMain",
    "Py_RunMain",
    "Py_SetPath",
    "Py_SetProgramName",
    "Py_SetPythonHome",
    "Py_SetStandardStreamEncoding",
    "Py_ExitStatusException",
    "PyImport_AppendInittab",
    "PyImport_ExtendInittab",
    "PyOS_AfterFork_Child",
    "PySys_AddWarnOption",
    "PySys_AddWarnOptionUnicode",
    "PySys_AddXOption",
    "PySys_ResetWarnOptions",
};

constexpr std::string_view prefixes[] = {"PyConfig_", "PyPreConfig_", "PyInitConfig_", "PyWideStringList_"};

}  // namespace

bool runs_in_a_new_process(std::string_view function) { return function == "PyOS_AfterFork_Child"; }

bool runs_once_for_each_process(std::string_view function) {
  return std::ranges::find(names, function) != std::end(names) ||
         std::ranges::any_of(prefixes, [&](std::string_view prefix) { return function.starts_with(prefix); });
}

}  // namespace isoaudit::analyzer
