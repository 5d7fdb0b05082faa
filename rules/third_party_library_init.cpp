#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>

#include "rules/api_calls.h"
#include "rules/declarations.h"
#include "rules/rule.h"

namespace isoaudit::rules {
namespace {

using model::BinaryFacts;
using model::Finding;

/// Libraries with state of the process that their users set up, by the start of their file names (wheels put a digest
/// behind it: "libhdf5-1a2b3c4d.so.310").
struct Library {
  std::string_view start;
  std::string_view name;
};
constexpr auto libraries = std::to_array<Library>({
    {"libcurl", "libcurl"},
    {"libgdal", "GDAL"},
    {"libgeos", "GEOS"},
    {"libglib-2", "GLib"},
    {"libhdf5", "HDF5"},
    {"libncurses", "ncurses"},
    {"libproj", "PROJ"},
    {"libreadline", "readline"},
    {"libSDL2", "SDL"},
    {"libSDL3", "SDL"},
    {"libtcl", "Tcl"},
    {"libtk8", "Tk"},
    {"libtk9", "Tk"},
    {"libusb", "libusb"},
    {"libxml2", "libxml2"},
    {"libzmq", "ZeroMQ"},
});

const Library* known_library(const std::string& file) {
  for (const Library& library : libraries) {
    if (file.starts_with(library.start)) return &library;
  }
  return nullptr;
}

/// What the module is linked with; nobody can tell from that alone whether it is used wrongly.
void add_linked(const BinaryFacts& binary, std::vector<Finding>& findings) {
  for (const std::string& file : binary.libraries) {
    const Library* library = known_library(file);
    if (library == nullptr) continue;
    Finding finding = finding_in(binary, fmt::format("the module is linked with {}", file));
    finding.severity = model::Severity::advice;
    finding.status = model::Status::possible;
    finding.subject = {std::string(library->name), "", "", ""};
    finding.message = fmt::format("`{}` keeps settings and handlers for the whole process", library->name);
    finding.fix = "set it up once for the process, never tear it down, and use one handle for each interpreter";
    findings.push_back(std::move(finding));
  }
}

std::vector<Finding> check(const model::Facts& facts) {
  std::vector<Finding> findings = api_findings(
      facts, "third-party-library-init",
      {.fix = "call it once for the process (std::call_once, pthread_once) and never tear the library down",
       .each_use = EachUse::of_one_module});
  for (const BinaryFacts& binary : facts.binaries) add_linked(binary, findings);
  return findings;
}

}  // namespace

extern constinit const Rule third_party_library_init{
    .slug = "third-party-library-init",
    .group = Group::process,
    .severity = model::Severity::hazard,
    .doc = R"(## What it finds
Calls that set up, configure or tear down a library for the whole process: libxml2, libcurl, SQLite, HDF5, GDAL,
OpenSSL, OpenBLAS, ncurses, readline and others. As advice: that a compiled module is linked with such a library.

## Why it matters
Each interpreter that imports the module calls it again, and interpreters with a GIL of their own do so at the same
moment. What one of them tears down at its end the others still use.

## How to fix
Set the library up once for the process, under `pthread_once` or `std::call_once`, and leave its end to the process. Use
the functions that take a context or a handle, one for each interpreter.

## What it cannot see
Once-guards, and libraries that count their users or lock themselves in newer versions (libcurl from 7.84, OpenSSL from
1.1).
)",
    .check = check,
};

}  // namespace isoaudit::rules
