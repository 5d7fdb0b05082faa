#include "analyzer/archive/member_name.h"

#include <cctype>
#include <cstddef>
#include <cstdint>

namespace isoaudit::analyzer {
namespace {

constexpr std::size_t longest_name = 4096;  // PATH_MAX: no installer could write it either

/// Bytes of the UTF-8 sequence that begins here, 0 when it is none (overlong forms and surrogates are none).
std::size_t sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (first == 0xe0 && byte(1) < 0xa0) return 0;
  if (first == 0xed && byte(1) > 0x9f) return 0;
  if (first == 0xf0 && byte(1) < 0x90) return 0;
  if (first == 0xf4 && byte(1) > 0x8f) return 0;
  return length;
}

bool is_control(char c) { return static_cast<std::uint8_t>(c) < 0x20 || c == 0x7f; }

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const std::size_t length = sequence(text);
    if (length == 0 || is_control(text.front())) {
      shown += '?';
      text.remove_prefix(1);
    } else {
      shown += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return shown;
}

MemberName member_name(std::string_view raw) {
  if (raw.size() > longest_name) {
    return {printable(raw.substr(0, 60)) + "...", "its name is longer than any file's may be"};
  }
  const std::string shown = printable(raw);
  if (raw.empty()) return {"", "has no name"};
  if (shown != raw) return {shown, "its name holds control characters or is no UTF-8"};
  const bool drive = raw.size() > 1 && raw[1] == ':' && std::isalpha(static_cast<unsigned char>(raw[0])) != 0;
  if (raw.front() == '/' || raw.front() == '\\' || drive) {
    return {shown, "its path is absolute: it would be written outside of the folder", true};
  }
  std::string path;
  while (!raw.empty()) {
    const std::size_t slash = raw.find('/');
    const std::string_view part = raw.substr(0, slash);
    raw.remove_prefix(slash == std::string_view::npos ? raw.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == "..") return {shown, "its path holds \"..\": it would be written outside of the folder", true};
    if (!path.empty()) path += '/';
    path += part;
  }
  if (path.empty()) return {shown, "has no name"};
  return {path, ""};
}

}  // namespace isoaudit::analyzer
