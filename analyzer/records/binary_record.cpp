#include "analyzer/records/binary_record.h"

#include "analyzer/records/encode.h"
#include "analyzer/records/fields.h"

namespace isoaudit::analyzer {

std::string to_bytes(const std::vector<BinaryResult>& results) { return records::encode(results); }

BinaryRecord binary_record(std::string_view bytes) {
  BinaryRecord record;
  if (!records::decode(bytes, record.results)) return {{}, "its record is damaged"};
  return record;
}

}  // namespace isoaudit::analyzer
