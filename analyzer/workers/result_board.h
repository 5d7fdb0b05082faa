#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace isoaudit::analyzer {

/// Where processes of one family leave the results of numbered jobs: memory that all of them share. A result is there
/// whole or not at all, whatever happens to who brings it.
class ResultBoard {
 public:
  explicit ResultBoard(std::size_t jobs);
  ~ResultBoard();
  ResultBoard(const ResultBoard&) = delete;
  ResultBoard& operator=(const ResultBoard&) = delete;

  /// Why there is no board; empty when there is one.
  const std::string& error() const { return error_; }
  /// In any process; each job once.
  void put(std::size_t job, std::string_view bytes);
  bool has(std::size_t job) const;
  /// In the process that made the board, when nobody puts any more; empty when there is none.
  std::string get(std::size_t job) const;

 private:
  struct Row;
  std::size_t jobs_ = 0;
  int file_ = -1;
  Row* rows_ = nullptr;  ///< one more than there are jobs: the first says how much of the file is taken
  std::string error_{};
};

}  // namespace isoaudit::analyzer
