#pragma once

#include <cstdint>
#include <span>

/// One function for each reader of untrusted bytes: whatever they are, it must come back, soon, and without the
/// sanitizers having anything to say.
namespace isoaudit::fuzz {

using Bytes = std::span<const std::uint8_t>;

/// Whole files of each format: read_image, and all that is read from an image.
void fuzz_elf(Bytes bytes);
void fuzz_pe(Bytes bytes);
void fuzz_macho(Bytes bytes);
/// The first byte chooses the kind of archive, the rest is the file: listed, read and unpacked.
void fuzz_archive(Bytes bytes);
/// A described image (described_image.h): what collect_binary decodes from it.
void fuzz_definition(Bytes bytes);
/// What a worker process answers.
void fuzz_records(Bytes bytes);
/// A described image: its machine code.
void fuzz_code(Bytes bytes);

}  // namespace isoaudit::fuzz
