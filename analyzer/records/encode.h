#pragma once

#include <llvm/BinaryFormat/MsgPackReader.h>
#include <llvm/BinaryFormat/MsgPackWriter.h>
#include <llvm/Support/Error.h>
#include <llvm/Support/raw_ostream.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

/// Values to MessagePack and back, without a tree between: a number is a number, an enum its number, a struct the row
/// of its fields, a missing optional is nil, a map the list of its pairs. `fields` of each struct is found where its
/// namespace or this one declares it.
namespace isoaudit::analyzer::records {

class Encoder {
 public:
  explicit Encoder(llvm::raw_ostream& stream) : writer_(stream) {}

  void put(bool value) { writer_.write(value); }
  void put(const std::string& text) { writer_.write(llvm::StringRef(text)); }

  template <class Number>
    requires std::is_integral_v<Number>
  void put(Number value) {
    if constexpr (std::is_signed_v<Number>) {
      writer_.write(static_cast<std::int64_t>(value));
    } else {
      writer_.write(static_cast<std::uint64_t>(value));
    }
  }

  template <class Enum>
    requires std::is_enum_v<Enum>
  void put(Enum value) {
    writer_.write(static_cast<std::uint64_t>(value));
  }

  template <class T>
  void put(const std::optional<T>& value) {
    value ? put(*value) : writer_.writeNil();
  }

  template <class T>
  void put(const std::vector<T>& list) {
    writer_.writeArraySize(static_cast<std::uint32_t>(list.size()));
    for (const T& value : list) put(value);
  }

  template <class T>
  void put(const std::map<std::string, T>& map) {
    writer_.writeArraySize(static_cast<std::uint32_t>(2 * map.size()));
    for (const auto& [key, value] : map) put(key), put(value);
  }

  template <class Struct>
    requires std::is_class_v<Struct>
  void put(const Struct& value) {
    // Only read: one list of fields serves both directions.
    fields(const_cast<Struct&>(value), [&](const auto&... field) {
      writer_.writeArraySize(sizeof...(field));
      (put(field), ...);
    });
  }

 private:
  llvm::msgpack::Writer writer_;
};

/// Reads what Encoder wrote. After the first thing that does not fit, `good` is false and nothing more is read.
class Decoder {
 public:
  explicit Decoder(llvm::StringRef bytes) : reader_(bytes), left_(bytes.size()) {}

  bool good() const { return good_; }

  /// Nothing may follow.
  bool at_end() {
    if (!good_) return false;
    llvm::Expected<bool> more = reader_.read(object_);
    if (!more) return llvm::consumeError(more.takeError()), false;
    return !*more;
  }

  template <class T>
  void get(T& value) {
    if (next()) take(value);
  }

 private:
  using Type = llvm::msgpack::Type;

  bool next() {
    if (!good_) return false;
    llvm::Expected<bool> read = reader_.read(object_);
    if (!read) llvm::consumeError(read.takeError());
    return good_ = read && *read;
  }

  bool is(Type type) { return good_ = good_ && object_.Kind == type; }

  void take(bool& value) {
    if (is(Type::Boolean)) value = object_.Bool;
  }

  void take(std::string& text) {
    if (is(Type::String)) text = object_.Raw.str();
  }

  template <class Number>
    requires std::is_integral_v<Number>
  void take(Number& value) {
    using Limits = std::numeric_limits<Number>;
    // The writer takes the shortest form, which has no sign for what is not negative.
    if (object_.Kind == Type::UInt && object_.UInt <= static_cast<std::uint64_t>(Limits::max())) {
      value = static_cast<Number>(object_.UInt);
    } else if (object_.Kind == Type::Int && std::in_range<Number>(object_.Int)) {
      value = static_cast<Number>(object_.Int);
    } else {
      good_ = false;
    }
  }

  template <class Enum>
    requires std::is_enum_v<Enum>
  void take(Enum& value) {
    std::uint8_t number = 0;
    take(number);
    value = static_cast<Enum>(number);
  }

  template <class T>
  void take(std::optional<T>& value) {
    if (object_.Kind == Type::Nil) return value.reset();
    take(value.emplace());
  }

  template <class T>
  void take(std::vector<T>& list) {
    if (!is(Type::Array)) return;
    // Each element takes a byte at least: what claims more is not believed.
    const std::size_t size = object_.Length;
    if (size > left_) {
      good_ = false;
      return;
    }
    list.clear();
    list.reserve(std::min<std::size_t>(size, 4096));
    for (std::size_t i = 0; i < size && good_; ++i) get(list.emplace_back());
  }

  template <class T>
  void take(std::map<std::string, T>& map) {
    if (!is(Type::Array)) return;
    const std::size_t size = object_.Length;
    if (size > left_ || size % 2 != 0) {
      good_ = false;
      return;
    }
    map.clear();
    for (std::size_t i = 0; i < size && good_; i += 2) {
      std::string key;
      get(key);
      get(map[key]);
    }
  }

  template <class Struct>
    requires std::is_class_v<Struct>
  void take(Struct& value) {
    fields(value, [&](auto&... field) {
      if (!is(Type::Array) || object_.Length != sizeof...(field)) {
        good_ = false;
        return;
      }
      (get(field), ...);
    });
  }

  llvm::msgpack::Reader reader_;
  llvm::msgpack::Object object_{};
  std::size_t left_;
  bool good_ = true;
};

/// One value after the other.
template <class... T>
std::string encode(const T&... values) {
  std::string bytes;
  llvm::raw_string_ostream stream(bytes);
  Encoder encoder(stream);
  (encoder.put(values), ...);
  stream.flush();
  return bytes;
}

/// False when the bytes are not one value of that type, and then `value` is of no use.
template <class T>
bool decode(std::string_view bytes, T& value) {
  Decoder decoder{llvm::StringRef(bytes)};
  decoder.get(value);
  return decoder.at_end();
}

}  // namespace isoaudit::analyzer::records
