// PyO3's macros leave constant tables, in stripped files too (src/impl_/pymethods.rs, src/impl_/pyclass.rs), from which
// it makes PyMethodDefs and their like when a type is first used. Rust's texts for C have a zero at their end and their
// length beside them; Rust's arrays have theirs elsewhere.
#include "analyzer/code/pyo3_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>

#include "model/type_slots.h"

namespace isoaudit::analyzer {
namespace {

/// METH_* (Include/methodobject.h): bits 0 to 9.
constexpr std::uint64_t all_method_flags = 0x3FF;

class Pyo3Tables {
 public:
  Pyo3Tables(const Memory& memory, std::uint64_t place)
      : memory_(memory), image_(memory.image()), word_(memory.image().pointer_size), place_(place) {}

  /// PyMethodDef: function, name, text, flags.
  std::string method() const {
    const std::optional<std::string_view> name = name_at(1);
    if (!name || !text_at(3)) return {};
    const std::uint64_t flags = memory_.number_at(place_of(5), 4).value_or(0);
    return flags != 0 && flags <= all_method_flags ? fmt::format("method `{}`", *name) : std::string();
  }

  /// PyClassAttributeDef, PyGetterDef, PySetterDef: which of them, name, function, perhaps a text.
  std::string attribute() const {
    constexpr std::uint64_t first_kind = 3, last_kind = 5;
    const std::uint64_t kind = number_at(-3).value_or(0);
    if (kind < first_kind || kind > last_kind || (!at(1).is_null() && !text_at(1))) return {};
    const std::optional<std::string_view> name = name_at(-2);
    return name ? fmt::format("attribute `{}`", *name) : std::string();
  }

  /// One PyType_Slot beside another. Rust's tables of virtual methods have a number before their first function alone.
  std::string slot() const {
    const std::string_view own = slot_at(0), before = slot_at(-2), behind = slot_at(2);
    // No type has one slot twice.
    if (own.empty() || (before.empty() && behind.empty()) || own == before || own == behind) return {};
    return fmt::format("{} of a type", own);
  }

 private:
  std::uint64_t place_of(int words) const {
    return place_ + static_cast<std::uint64_t>(words * static_cast<std::int64_t>(word_));
  }
  Pointer at(int words) const { return memory_.pointer_at(place_of(words)); }

  std::optional<std::uint64_t> number_at(int words) const {
    const Pointer pointer = at(words);
    if (pointer.is_null()) return 0;
    return pointer.kind == Pointer::Kind::plain ? std::optional(pointer.value) : std::nullopt;
  }

  bool is_code(const Pointer& pointer) const {
    const Section* section = pointer.kind == Pointer::Kind::address ? image_.section_at(pointer.value) : nullptr;
    return section != nullptr && section->executable;
  }

  /// A `&CStr`.
  std::optional<std::string_view> text_at(int words) const {
    const Pointer pointer = at(words);
    if (pointer.kind != Pointer::Kind::address || is_code(pointer)) return std::nullopt;
    const std::optional<std::string_view> text = image_.text_at(pointer.value);
    return text && number_at(words + 1) == text->size() + 1 ? text : std::nullopt;
  }

  std::optional<std::string_view> name_at(int words) const {
    const std::optional<std::string_view> text = text_at(words);
    const auto fits = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
    };
    const bool is_name = text && !text->empty() && std::isdigit(static_cast<unsigned char>(text->front())) == 0;
    return is_name && std::ranges::all_of(*text, fits) ? text : std::nullopt;
  }

  /// The slot's name whose function lies there.
  std::string_view slot_at(int words) const {
    const std::optional<std::uint64_t> id = number_at(words - 1);
    const bool is_slot = id && *id <= 0xFFFF && is_code(at(words));
    return is_slot ? model::type_slot_name(static_cast<unsigned>(*id)) : std::string_view();
  }

  const Memory& memory_;
  const Image& image_;
  const unsigned word_;
  const std::uint64_t place_;
};

}  // namespace

std::string pyo3_name(const Memory& memory, std::uint64_t place) {
  const Pyo3Tables tables(memory, place);
  std::string method = tables.method();
  return method.empty() ? tables.attribute() : method;
}

std::string pyo3_slot(const Memory& memory, std::uint64_t place) { return Pyo3Tables(memory, place).slot(); }

bool names_pyo3(const Image& image) {
  constexpr std::string_view name = "pyo3";
  return std::ranges::any_of(image.sections, [&](const Section& section) {
    return !section.executable && !std::ranges::search(section.bytes, name).empty();
  });
}

}  // namespace isoaudit::analyzer
