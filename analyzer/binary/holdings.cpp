#include "analyzer/binary/holdings.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "analyzer/binary/debug_info.h"
#include "analyzer/binary/object_head.h"
#include "model/compiler_data.h"

namespace isoaudit::analyzer {
namespace {

constexpr std::uint64_t largest_object = std::uint64_t{1} << 24;

/// Where the linker's sections begin and end: GNU ld's default script.
constexpr std::array<std::string_view, 5> section_ends{"__bss_start", "__data_start", "_edata", "_end", "data_start"};

class Finder {
 public:
  Finder(const Image& image, std::span<const model::PythonLayout* const> layouts)
      : image_(image), memory_(image), layouts_(layouts) {}

  std::vector<model::StaticObject> run() {
    if (!layouts_.empty()) {
      each_head([&](const Section& section, std::uint64_t at, const model::PythonLayout& layout) {
        return take_type(section, at, layout);
      });
      each_head([&](const Section& section, std::uint64_t at, const model::PythonLayout& layout) {
        return take_instance(section, at, layout);
      });
    }
    for (const Symbol& symbol : image_.symbols) take_variable(symbol);
    std::ranges::sort(found_);
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    return std::move(found_);
  }

 private:
  template <class Take>
  void each_head(const Take& take) {
    const unsigned pointer = image_.pointer_size;
    for (const Section& section : image_.sections) {
      if (section.kind != model::SectionClass::data || section.bytes.size() < 16) continue;
      const std::uint64_t first = (section.address + pointer - 1) / pointer * pointer;
      const std::uint64_t last = section.address + section.bytes.size();
      for (std::uint64_t at = first; at + 16 <= last; at += pointer) {
        std::uint64_t word = 0;
        std::memcpy(&word, section.bytes.data() + (at - section.address), pointer);
        for (const model::PythonLayout* layout : layouts_) {
          if (!may_be_head(word, *layout)) continue;
          if (has_static_head(memory_, at, *layout) && take(section, at, *layout)) break;
        }
      }
    }
  }

  /// A quick look; has_static_head decides.
  static bool may_be_head(std::uint64_t word, const model::PythonLayout& layout) {
    if (layout.free_threaded) return word == 0;
    const bool core_3_12 = layout.version == model::PythonVersion{3, 12} && (word == 0xffffffff || word == 0x3fffffff);
    return word == layout.head_word || core_3_12;
  }

  bool take_type(const Section& section, std::uint64_t at, const model::PythonLayout& layout) {
    const Pointer name = image_.pointer_at(at + layout.tp_name);
    // A slot's number looks like 3.12's count of references, and the function beside it like a type.
    if (name.kind != Pointer::Kind::address || is_code(name)) return false;
    const std::optional<std::string_view> text = image_.text_at(name.value, 512);
    if (!text || !is_type_name(*text)) return false;
    const Pointer type = image_.pointer_at(at + type_offset(layout));
    const Pointer basic = image_.pointer_at(at + layout.tp_basicsize);
    const Pointer item = image_.pointer_at(at + layout.tp_basicsize + layout.pointer_size);
    const Pointer flags = image_.pointer_at(at + layout.tp_flags);
    const std::uint64_t smallest = type_offset(layout) + layout.pointer_size;
    if (type.kind == Pointer::Kind::plain || is_code(type) || is_size(basic) == false || is_size(item) == false ||
        flags.is_pointer()) {
      return false;
    }
    // A size of 0 is inherited at PyType_Ready.
    if (basic.value != 0 && basic.value < smallest) return false;
    const Pointer dealloc = image_.pointer_at(at + layout.tp_basicsize + std::uint64_t{2} * layout.pointer_size);
    if (dealloc.kind == Pointer::Kind::plain) return false;
    // A head, a null and a name alone may be something else, unless a symbol says that a type's size follows.
    const bool bare = basic.value == 0 && type.is_null() && dealloc.is_null() && flags.is_null();
    const Symbol* symbol = image_.symbol_at(at);
    const bool sized = symbol != nullptr && symbol->address == at && symbol->size == layout.type_object_size;
    if (bare && !sized) return false;
    if (inside_known(at)) return false;
    add(model::StaticObject::Kind::type, section, at, layout.type_object_size, std::string(*text));
    types_.insert({at, std::string(*text)});
    return true;
  }

  bool take_instance(const Section& section, std::uint64_t at, const model::PythonLayout& layout) {
    const Pointer type = image_.pointer_at(at + type_offset(layout));
    std::string name;
    if (type.kind == Pointer::Kind::import && type.name.starts_with("Py") && type.name.ends_with("_Type")) {
      name = type.name;
    } else if (type.kind == Pointer::Kind::address) {
      const auto known = types_.find(type.value);
      if (known == types_.end()) return false;
      name = known->second;
    }
    if (name.empty() || inside_known(at)) return false;
    const Symbol* symbol = image_.symbol_at(at);
    add(model::StaticObject::Kind::instance, section, at, symbol != nullptr && symbol->address == at ? symbol->size : 0,
        name);
    return true;
  }

  void take_variable(const Symbol& symbol) {
    const bool thread_local_ = symbol.kind == Symbol::Kind::thread_local_;
    if (symbol.kind != Symbol::Kind::object && !thread_local_) return;
    if (model::is_c_runtime_data(symbol.name) || std::ranges::find(section_ends, symbol.name) != section_ends.end())
      return;
    const Section* section = image_.section_at(symbol.address);
    std::uint64_t offset = section == nullptr ? 0 : symbol.address - section->address;
    // A thread-local symbol's value counts from the start of the thread-local memory.
    if (thread_local_) std::tie(section, offset) = image_.thread_section(symbol.address);
    if (section == nullptr || (!section->writable() && !thread_local_)) return;
    if (starts_.contains(symbol.address) && !thread_local_) return;
    model::StaticObject object;
    object.kind = model::StaticObject::Kind::variable;
    object.symbol = symbol.name;
    object.section = section->name;
    object.offset = offset;
    object.size = symbol.size;
    object.unit = image_.unit_of(symbol);
    found_.push_back(std::move(object));
  }

  bool is_code(const Pointer& pointer) const {
    const Section* section = pointer.kind == Pointer::Kind::address ? image_.section_at(pointer.value) : nullptr;
    return section != nullptr && section->executable;
  }

  static bool is_size(const Pointer& word) {
    return word.is_null() || (word.kind == Pointer::Kind::plain && word.value <= largest_object);
  }

  /// Some projects name types with a space or a dash ("builtin function"); all are short and printable.
  static bool is_type_name(std::string_view text) {
    if (text.empty() || text.size() > 200) return false;
    if (text.front() == '.' || text.find(' ') != std::string_view::npos) return false;
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7F; });
  }

  bool inside_known(std::uint64_t at) const {
    auto next = ends_.upper_bound(at);
    if (next == ends_.begin()) return false;
    --next;
    return at < next->second;
  }

  void add(model::StaticObject::Kind kind, const Section& section, std::uint64_t at, std::uint64_t size,
           std::string type_name) {
    const Symbol* symbol = image_.symbol_at(at);
    const bool named = symbol != nullptr && symbol->address == at;
    model::StaticObject object;
    object.kind = kind;
    object.symbol = named ? symbol->name : kind == model::StaticObject::Kind::type ? type_name : std::string();
    object.type_name = std::move(type_name);
    object.section = section.name;
    object.offset = at - section.address;
    object.size = size;
    if (named) object.unit = image_.unit_of(*symbol);
    found_.push_back(std::move(object));
    starts_.insert(at);
    ends_[at] = at + std::max<std::uint64_t>(size, 16);
  }

  const Image& image_;
  Memory memory_;
  std::span<const model::PythonLayout* const> layouts_;
  std::vector<model::StaticObject> found_{};
  std::map<std::uint64_t, std::string> types_{};
  std::set<std::uint64_t> starts_{};
  std::map<std::uint64_t, std::uint64_t> ends_{};
};

}  // namespace

std::vector<model::StaticObject> find_static_objects(const Image& image,
                                                     std::span<const model::PythonLayout* const> layouts) {
  return Finder(image, layouts).run();
}

void declare_variables(const Image& image, std::vector<model::StaticObject>& objects) {
  const DeclaredVariables declared = read_declared_variables(image);
  if (declared.statics.empty() && declared.thread_locals.empty()) return;
  const std::uint64_t threads_begin = image.thread_begin();
  for (model::StaticObject& object : objects) {
    const Section* section = image.section_named(object.section);
    if (section == nullptr) continue;
    const bool in_thread = section->kind == model::SectionClass::thread_local_;
    const auto& variables = in_thread ? declared.thread_locals : declared.statics;
    const auto variable = variables.find(section->address + object.offset - (in_thread ? threads_begin : 0));
    if (variable == variables.end()) continue;
    object.declared_type = variable->second.type;
    object.declared_file = variable->second.file;
    object.declared_line = variable->second.line;
  }
}

}  // namespace isoaudit::analyzer
