#pragma once

#include <string>

/// The words of one finding, made to fit many of its kind.
namespace isoaudit::model {

/// "`cache` holds a dict" → "holds a dict".
std::string without_subject(const std::string& message);

/// "move `cache` into the module state" → "move them into the module state", where `message` begins with that name.
std::string fix_for_all(std::string fix, const std::string& message);

}  // namespace isoaudit::model
