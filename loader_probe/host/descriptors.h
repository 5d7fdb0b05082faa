#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace isoaudit::loader_probe {

/// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    reset();
    number_ = std::exchange(other.number_, -1);
    return *this;
  }
  int get() const { return number_; }
  void reset() {
    if (number_ >= 0) close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

/// Two ends of something; of a pipe, the first is for reading.
struct Ends {
  Descriptor first{};
  Descriptor second{};

  /// Moves both above the numbers that a child gets, so that dup2 there can never close an end that is still needed.
  bool take(const std::array<int, 2>& raw) {
    static constexpr int first_own = 10;
    const Descriptor low_first(raw[0]);
    const Descriptor low_second(raw[1]);
    first = Descriptor(fcntl(raw[0], F_DUPFD_CLOEXEC, first_own));
    second = Descriptor(fcntl(raw[1], F_DUPFD_CLOEXEC, first_own));
    return first.get() >= 0 && second.get() >= 0;
  }
  bool open_pipe() {
    std::array<int, 2> raw{};
    return pipe2(raw.data(), O_CLOEXEC) == 0 && take(raw);
  }
};

}  // namespace isoaudit::loader_probe
