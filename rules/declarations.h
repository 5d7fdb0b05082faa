#pragma once

#include <string>
#include <vector>

#include "model/facts.h"
#include "model/finding.h"

namespace isoaudit::rules {

/// What a rule of group A says about a hook.
struct DeclarationWords {
  /// Follows "`PyInit_x`".
  const char* message;
  const char* fix;
  /// What the bytes show: "exports ... and imports ...".
  const char* binary;
};

/// Findings for every hook, in the sources and in the compiled modules, whose declaration `fits`. Of a compiled file
/// only the hook that an ordinary import uses counts. The run's own refusal is added as evidence.
std::vector<model::Finding> declaration_findings(const model::Facts& facts, model::Severity severity,
                                                 bool (*fits)(const model::EntryPoint&), const DeclarationWords& words);

/// A finding on a compiled file and the reason for it; severity, status, subject, message and fix are the rule's to
/// say.
model::Finding finding_in(const model::BinaryFacts& binary, std::string because);

/// The rows of the hook that `import` uses: the one named as the file. Several for abi3 modules whose answer differs
/// between versions; all rows when the file has only other hooks.
std::vector<const model::BinaryEntryPoint*> default_entry(const model::BinaryFacts& binary);

/// The file is made for that version, as far as its name and hooks tell.
bool serves(const model::BinaryFacts& binary, model::PythonVersion version);

/// The dotted name of the compiled module that a hook of that name belongs to; the name itself when there is none.
std::string dotted_module(const model::Facts& facts, const std::string& hook);

bool declares_own_gil(const model::EntryPoint& entry);
/// The hook that an ordinary import calls does, for one of the versions at least.
bool declares_own_gil(const model::BinaryFacts& binary);

/// Modules (dotted names) that declare own-GIL support, by their bytes or by their source.
std::vector<std::string> own_gil_modules(const model::Facts& facts);

}  // namespace isoaudit::rules
