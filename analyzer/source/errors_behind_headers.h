#pragma once

#include <clang/Basic/Diagnostic.h>

#include <functional>

#include "analyzer/source/unit_action.h"

namespace isoaudit::analyzer {

/// Whoever names what HeadersAhead hides is given up.
class ErrorsBehindHeaders : public FirstError {
 public:
  ErrorsBehindHeaders(const ProjectFiles& project, std::function<void()> give_up)
      : FirstError(project), give_up_(std::move(give_up)) {}

  void HandleDiagnostic(clang::DiagnosticsEngine::Level level, const clang::Diagnostic& diagnostic) override;

 private:
  std::function<void()> give_up_;
};

}  // namespace isoaudit::analyzer
