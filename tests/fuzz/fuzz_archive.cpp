#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "analyzer/archive/read_archive.h"
#include "tests/fuzz/targets.h"

namespace isoaudit::fuzz {
namespace {

namespace fs = std::filesystem;

/// Archives are files, and their names decide how they are read: each input lies in memory under one of these names.
class Place {
 public:
  Place() {
    const fs::path memory = fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path();
    folder_ = memory / ("isoaudit-fuzz-" + std::to_string(getpid()));
    fs::create_directories(folder_ / "outer" / "unpacked");
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  std::string write(Bytes bytes) {
    constexpr std::array<const char*, 5> endings{".whl", ".tar", ".tar.gz", ".tar.bz2", ".tar.xz"};
    const std::string path = (folder_ / ("a" + std::string(endings[bytes[0] % endings.size()]))).string();
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()) + 1, static_cast<std::streamsize>(bytes.size() - 1));
    return path;
  }

  std::string unpacked() const { return (folder_ / "outer" / "unpacked").string(); }

  /// Ends the process when something lies where nothing may be written.
  void look_outside() const {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / "outer")) {
      if (entry.path().filename() != "unpacked") complain(entry.path());
    }
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder_ / "outer")) {
      if (entry.is_symlink()) complain(entry.path());
    }
  }

  void sweep(const std::string& archive) const {
    fs::remove(archive);
    for (const fs::directory_entry& entry : fs::directory_iterator(unpacked())) fs::remove_all(entry.path());
  }

 private:
  [[noreturn]] static void complain(const fs::path& path) {
    std::fprintf(stderr, "isoaudit_fuzz: broken promise: unpacking made %s\n", path.c_str());
    std::abort();
  }

  fs::path folder_{};
};

}  // namespace

void fuzz_archive(Bytes bytes) {
  using namespace analyzer;
  if (bytes.empty()) return;
  static Place place;
  const std::string archive = place.write(bytes);
  const ArchiveLimits limits;
  const ArchiveListing listing = list_archive(archive, [](std::string_view) { return true; }, limits);
  std::vector<std::string> wanted;
  for (const ArchiveMember& member : listing.members) wanted.push_back(member.path);
  read_members(archive, wanted, [](const std::string&, std::string) {}, limits);
  unpack_archive(archive, place.unpacked(), [](std::string_view member) { return std::string(member); }, limits);
  place.look_outside();
  place.sweep(archive);
}

}  // namespace isoaudit::fuzz
