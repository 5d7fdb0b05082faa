#include "analyzer/tables/formats.h"

#include <algorithm>
#include <array>

namespace isoaudit::analyzer {
namespace {

// Doc/c-api/arg.rst, Doc/c-api/call.rst; the *_SizeT twins are what PY_SSIZE_T_CLEAN made of the names until 3.12.
constexpr auto functions = std::to_array<FormatFunction>({
    {"PyArg_Parse", 1, 2, true},
    {"PyArg_ParseTuple", 1, 2, true},
    {"PyArg_ParseTupleAndKeywords", 2, 4, true},
    {"PyObject_CallFunction", 1, 2, false},
    {"PyObject_CallMethod", 2, 3, false},
    {"Py_BuildValue", 0, 1, false},
    {"_PyArg_ParseStack", 2, 3, true},
    {"_PyArg_ParseStack_SizeT", 2, 3, true},
    {"_PyArg_ParseTupleAndKeywords_SizeT", 2, 4, true},
    {"_PyArg_ParseTuple_SizeT", 1, 2, true},
    {"_PyArg_Parse_SizeT", 1, 2, true},
    {"_PyObject_CallFunction_SizeT", 1, 2, false},
    {"_PyObject_CallMethod_SizeT", 2, 3, false},
    {"_Py_BuildValue_SizeT", 0, 1, false},
});
static_assert(std::ranges::is_sorted(functions, {}, &FormatFunction::name));

// Units of one letter that take one argument. Those of text may have '#' or '*' behind them.
constexpr std::string_view parsed_plain = "SYUbBhHiIlkLKncCfdDpO";
constexpr std::string_view parsed_text = "szyuZw";
constexpr std::string_view built_plain = "ibhlBHILkKnpcCdfDOSN";
constexpr std::string_view built_text = "szyuU";

bool is_one_of(std::string_view letters, char letter) { return letters.find(letter) != std::string_view::npos; }

/// Goes over a format, unit by unit.
class Reader {
 public:
  Reader(std::string_view format, bool parses) : left_(format), parses_(parses) {}

  std::optional<std::vector<FormatUse>> read() {
    while (!left_.empty()) {
      const char letter = take();
      // Behind these stand the function's name and the message of the error.
      if (parses_ && (letter == ':' || letter == ';')) break;
      if (is_one_of(parses_ ? "()|$" : "()[]{}:, \t", letter)) continue;
      if (!unit(letter)) return std::nullopt;
    }
    return uses_;
  }

 private:
  char take() {
    const char letter = left_.front();
    left_.remove_prefix(1);
    return letter;
  }
  bool take_if(char letter) {
    if (!left_.starts_with(letter)) return false;
    left_.remove_prefix(1);
    return true;
  }
  bool add(std::initializer_list<FormatUse> uses) {
    uses_.insert(uses_.end(), uses);
    return true;
  }

  bool unit(char letter) {
    using enum FormatUse;  // but `read`, which is the member function here
    const FormatUse use = parses_ ? written : FormatUse::read;
    if (is_one_of("ON", letter) && take_if('&')) return add({converter, converted});
    if (parses_ && letter == 'O' && take_if('!')) return add({FormatUse::read, written});
    if (parses_ && letter == 'e') {
      if (!take_if('s') && !take_if('t')) return false;
      return take_if('#') ? add({FormatUse::read, written, written}) : add({FormatUse::read, written});
    }
    if (is_one_of(parses_ ? parsed_text : built_text, letter)) {
      if (take_if('#')) return add({use, use});
      if (parses_) take_if('*');
      return add({use});
    }
    return is_one_of(parses_ ? parsed_plain : built_plain, letter) && add({use});
  }

  std::string_view left_;
  bool parses_;
  std::vector<FormatUse> uses_{};
};

}  // namespace

const FormatFunction* format_function(std::string_view name) {
  const auto* row = std::ranges::lower_bound(functions, name, {}, &FormatFunction::name);
  return row != functions.end() && row->name == name ? row : nullptr;
}

std::optional<std::vector<FormatUse>> format_uses(std::string_view format, bool parses) {
  return Reader(format, parses).read();
}

}  // namespace isoaudit::analyzer
