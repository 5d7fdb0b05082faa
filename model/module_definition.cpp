#include "model/module_definition.h"

#include <string_view>

namespace isoaudit::model {
namespace {

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

int digit_value(char c) {
  if (c >= 'a' && c <= 'z') return c - 'a';
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= '0' && c <= '9') return c - '0' + 26;
  return -1;
}

/// RFC 3492 with its parameters for IDNA, as Python's "punycode" codec. Empty when the text is no punycode.
std::optional<std::string> decode_punycode(std::string_view text) {
  constexpr std::uint32_t base = 36, t_min = 1, t_max = 26, skew = 38, damp = 700;
  std::u32string points;
  const std::size_t dash = text.rfind('-');
  std::size_t next = 0;
  if (dash != std::string_view::npos) {
    for (char c : text.substr(0, dash)) points += static_cast<unsigned char>(c);
    next = dash + 1;
  }
  std::uint32_t n = 128, i = 0, bias = 72;
  while (next < text.size()) {
    const std::uint32_t old_i = i;
    std::uint32_t weight = 1;
    for (std::uint32_t k = base;; k += base) {
      if (next >= text.size()) return std::nullopt;
      const int value = digit_value(text[next++]);
      if (value < 0) return std::nullopt;
      const auto digit = static_cast<std::uint32_t>(value);
      if (digit > (0x10FFFFFFu - i) / weight) return std::nullopt;
      i += digit * weight;
      const std::uint32_t t = k <= bias ? t_min : (k >= bias + t_max ? t_max : k - bias);
      if (digit < t) break;
      if (weight > 0x10FFFFFFu / (base - t)) return std::nullopt;
      weight *= base - t;
    }
    const auto count = static_cast<std::uint32_t>(points.size()) + 1;
    std::uint32_t delta = (i - old_i) / (old_i == 0 ? damp : 2);
    delta += delta / count;
    std::uint32_t k = 0;
    for (; delta > ((base - t_min) * t_max) / 2; k += base) delta /= base - t_min;
    bias = k + (base - t_min + 1) * delta / (delta + skew);
    n += i / count;
    i %= count;
    if (n > 0x10FFFF) return std::nullopt;
    points.insert(i++, 1, static_cast<char32_t>(n));
  }
  std::string out;
  for (char32_t c : points) append_utf8(out, c);
  return out;
}

}  // namespace

std::optional<HookName> parse_hook(const std::string& symbol) {
  struct Prefix {
    std::string_view text;
    bool is_export;
    bool punycode;
  };
  // PyInitU_ before PyInit_ is not needed: 'U' is no '_'.
  constexpr Prefix prefixes[] = {{"PyInit_", false, false},
                                 {"PyInitU_", false, true},
                                 {"PyModExport_", true, false},
                                 {"PyModExportU_", true, true}};
  for (const Prefix& prefix : prefixes) {
    if (!symbol.starts_with(prefix.text) || symbol.size() == prefix.text.size()) continue;
    std::string name = symbol.substr(prefix.text.size());
    if (!prefix.punycode) return HookName{name, prefix.is_export};
    if (const std::size_t last = name.rfind('_'); last != std::string::npos) name[last] = '-';
    const std::optional<std::string> decoded = decode_punycode(name);
    return HookName{decoded.value_or(name), prefix.is_export};
  }
  return std::nullopt;
}

}  // namespace isoaudit::model
