#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "analyzer/records/binary_record.h"
#include "tests/fuzz/targets.h"

namespace isoaudit::fuzz {

/// What was read once is written and read again without loss.
void fuzz_records(Bytes bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const analyzer::BinaryRecord record = analyzer::binary_record(text);
  if (!record.error.empty()) return;
  const std::string written = analyzer::to_bytes(record.results);
  const analyzer::BinaryRecord again = analyzer::binary_record(written);
  if (again.error.empty() && analyzer::to_bytes(again.results) == written) return;
  std::fprintf(stderr, "isoaudit_fuzz: broken promise: a record is read as it was written: %s\n", again.error.c_str());
  std::abort();
}

}  // namespace isoaudit::fuzz
