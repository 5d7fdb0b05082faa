#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace isoaudit::analyzer {

/// The files of a cache's folder. They are written whole or not at all; one that is cut short or damaged is as if it
/// were not there.
class KeptEntries {
 public:
  /// `folder` empty: nothing is kept.
  explicit KeptEntries(std::string folder) : folder_(std::move(folder)) {}

  bool on() const { return !folder_.empty(); }
  std::optional<std::string> get(const std::string& name) const;
  void put(const std::string& name, std::string_view payload);
  /// One that is called by what it says; returns how, or nothing when it failed.
  std::string put_content(std::string_view payload, std::string_view ending);
  /// Nothing also when the file says something else.
  std::optional<std::string> get_content(const std::string& name) const;
  /// It was of use: the newest stay longest.
  void touch(const std::string& name) const;
  /// The first thing that went wrong in this process while something was to be kept.
  const std::string& trouble() const { return trouble_; }
  /// Removes the oldest when all take more than `most` bytes, and what interrupted runs left.
  void trim(std::uint64_t most) const;

 private:
  struct Entry {
    std::string hash{};
    std::string payload{};
  };
  std::optional<Entry> read(const std::string& name) const;
  std::string path_of(const std::string& name) const { return folder_ + "/" + name; }

  std::string folder_{};
  std::string trouble_{};
};

/// A file's name for what follows from `key`, or is it.
std::string entry_name(std::string_view key, std::string_view ending);

}  // namespace isoaudit::analyzer
