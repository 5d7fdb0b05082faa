#pragma once

#include <string>

namespace isoaudit::cli {

/// The machine that interpreters run on here, in the words of BinaryFacts::arch: "x86_64", "aarch64".
std::string host_machine();

}  // namespace isoaudit::cli
