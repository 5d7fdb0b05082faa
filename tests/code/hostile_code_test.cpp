// Machine code that nobody compiled: it is read in time and memory that its size bounds.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstring>
#include <ctime>
#include <map>
#include <string>
#include <vector>

#include "analyzer/code/collect_code.h"
#include "analyzer/code/functions.h"
#include "analyzer/code/read_hook.h"
#include "analyzer/code/unwind_table.h"

namespace isoaudit::analyzer {
namespace {

constexpr std::uint64_t text_at = 0x10000, data_at = 0x4000000;

Symbol function_symbol(std::string name, std::uint64_t address) {
  Symbol symbol;
  symbol.name = std::move(name);
  symbol.address = address;
  symbol.kind = Symbol::Kind::function;
  symbol.exported = true;
  return symbol;
}

/// An image of one text section and 4 KB of data.
class Hostile {
 public:
  explicit Hostile(std::string text, Machine machine = Machine::x86_64) : file_(hold_bytes(std::move(text))) {
    image.file = file_;
    image.machine = machine;
    image.arch = "made here";
    Section code;
    code.name = ".text";
    code.address = text_at;
    code.bytes = file_->bytes();
    code.size = code.bytes.size();
    code.kind = model::SectionClass::constant;
    code.executable = true;
    Section data;
    data.name = ".data";
    data.address = data_at;
    data.size = 4096;
    data.kind = model::SectionClass::zero;
    image.sections = {code, data};
  }

  Image image{};

 private:
  std::shared_ptr<const MappedFile> file_;
};

std::string repeated(std::size_t size, const std::string& pattern) {
  std::string text;
  text.reserve(size + pattern.size());
  while (text.size() < size) text += pattern;
  return text;
}

/// Seconds of processor time: the machine may be busy.
template <class Work>
double seconds_of(const Work& work) {
  const std::clock_t before = std::clock();
  work();
  return static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
}

long peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

template <class T>
void append(std::string& text, T value) {
  text.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// mov [data], eax: an address of the module's own makes the reader follow the function's values.
std::string store_to_data() {
  std::string code = "\x89\x04\x25";
  append(code, static_cast<std::uint32_t>(data_at));
  return code;
}

/// lea rdi, [data]; the address depends on where the instruction lies.
std::string load_address_of_data(std::uint64_t offset) {
  std::string code = "\x48\x8d\x3d";
  append(code, static_cast<std::uint32_t>(data_at - (text_at + offset + 7)));
  return code;
}

/// Opcode and operands of a 64-bit instruction whose operand in memory is [rsp + place].
std::string on_stack(const char* opcode, std::size_t place) {
  std::string code = opcode;
  code += '\x24';
  append(code, static_cast<std::uint32_t>(place));
  return code;
}

/// One address in each word of the stack: lea rdi, [data]; mov [rsp + place], rdi; mov rax, [rsp + place]; lea rsi,
/// [rsp + place].
std::string words_of_the_stack(std::size_t size) {
  std::string code = load_address_of_data(0);
  for (std::size_t place = 8; code.size() < size; place += 8) {
    code += on_stack("\x48\x89\xbc", place) + on_stack("\x48\x8b\x84", place) + on_stack("\x48\x8d\xb4", place);
  }
  return code;
}

/// All addresses of the data in one word, which is read between them.
std::string one_word_of_the_stack(std::size_t size) {
  std::string code;
  for (std::uint64_t distance = 0; code.size() < size; ++distance) {
    std::string address = "\x48\x8d\x3d";
    append(address, static_cast<std::uint32_t>(data_at + distance % 4096 - (text_at + code.size() + 7)));
    code += address + on_stack("\x48\x89\xbc", 8) + on_stack("\x48\x8b\x84", 8);
  }
  return code;
}

struct Row {
  const char* name;
  std::string text;
  Machine machine = Machine::x86_64;
};

class HostileText : public testing::TestWithParam<Row> {};

TEST_P(HostileText, IsReadInBoundedTimeAndMemory) {
  const Hostile hostile(GetParam().text, GetParam().machine);
  model::CodeFacts facts;
  const double seconds = seconds_of([&] { facts = collect_code(hostile.image); });
  EXPECT_TRUE(facts.read) << facts.why_not;
  EXPECT_LT(seconds, 30.0);
  EXPECT_LT(peak_megabytes(), 512);
}

INSTANTIATE_TEST_SUITE_P(
    Table, HostileText,
    testing::Values(Row{"zeros", std::string(16 << 20, '\0')}, Row{"no_operations", std::string(16 << 20, '\x90')},
                    Row{"aarch64_zeros", std::string(16 << 20, '\0'), Machine::aarch64},
                    // Each branch ends a block, and all of them follow an address of the module.
                    Row{"branches_everywhere", load_address_of_data(0) + repeated(2 << 20, std::string("\x74\x00", 2))},
                    Row{"branches_back", load_address_of_data(0) + repeated(1 << 20, "\x48\xff\xc0\x74\x80\x75\x90")},
                    Row{"words_of_the_stack", words_of_the_stack(1 << 20)},
                    Row{"one_word_of_the_stack", one_word_of_the_stack(1 << 20)},
                    // Each call is into the next byte of one long function.
                    Row{"calls_into_the_middle",
                        load_address_of_data(0) + repeated(1 << 20, std::string("\xe8\x01\x00\x00\x00", 5))}),
    [](const auto& row) { return row.param.name; });

TEST(HostileCode, AHundredThousandFunctions) {
  std::string text;
  std::vector<Symbol> symbols;
  for (int i = 0; i < 100'000; ++i) {
    Symbol symbol = function_symbol(std::to_string(i), text_at + text.size());
    symbol.size = 24;
    // lea rdi, [data]; call the one before; store; ret
    std::string body = load_address_of_data(text.size()) + '\xe8';
    append(body, static_cast<std::int32_t>(i == 0 ? 0 : -24 - 12));
    body += store_to_data() + "\xc3";
    body.resize(24, '\x90');
    text += body;
    symbols.push_back(std::move(symbol));
  }
  Hostile hostile(text);
  hostile.image.symbols = symbols;
  model::CodeFacts facts;
  const double seconds = seconds_of([&] { facts = collect_code(hostile.image); });
  EXPECT_TRUE(facts.read);
  EXPECT_GE(facts.writes.size(), 100'000u);
  EXPECT_LT(seconds, 30.0);
  EXPECT_LT(peak_megabytes(), 512);
}

/// Every word of the data is the name, a function or a table of something: as many methods, types and definitions as
/// there is room for, one over the other.
TEST(HostileCode, AHundredThousandFunctionsInOneTable) {
  constexpr int functions = 100'000;
  std::string text;
  for (int i = 0; i < functions; ++i) {
    std::string body = store_to_data() + "\xc3";
    body.resize(16, '\x90');
    text += body;
  }
  for (const unsigned stride : {8u, 16u, 24u, 32u}) {
    Hostile hostile(text);
    constexpr std::uint64_t table_at = 0x5000000;
    Section table;
    table.name = ".data.rel.ro";
    table.address = table_at;
    table.size = std::uint64_t{functions} * stride;
    const std::string zeros(table.size - 8, '\0');
    std::string bytes = zeros + "name";
    bytes.resize(table.size);
    const std::shared_ptr<const MappedFile> held = hold_bytes(bytes);
    table.bytes = held->bytes();
    table.kind = model::SectionClass::constant;
    hostile.image.sections.push_back(table);
    for (int i = 0; i < functions; ++i) {
      const std::uint64_t at = table_at + static_cast<std::uint64_t>(i) * stride;
      std::uint64_t target = text_at + static_cast<std::uint64_t>(i) * 16;
      if (i % 3 == 0) target = table_at + zeros.size();
      if (i % 7 == 0) target = table_at;
      hostile.image.relocations.push_back({at, target, 0});
    }
    for (int i = 0; i < functions; ++i) {
      Symbol symbol = function_symbol(std::to_string(i), text_at + static_cast<std::uint64_t>(i) * 16);
      symbol.size = 16, symbol.exported = false;
      hostile.image.symbols.push_back(symbol);
    }
    model::CodeFacts facts;
    EXPECT_LT(seconds_of([&] { facts = collect_code(hostile.image); }), 30.0) << stride;
    EXPECT_EQ(facts.writes.size(), static_cast<std::size_t>(functions)) << facts.why_not;
    EXPECT_LT(peak_megabytes(), 512) << stride;
  }
}

/// Each function hands out the next, takes long ways and goes round: a path is as long for all of them.
TEST(HostileCode, AHundredThousandFunctionsInOneCircle) {
  constexpr int functions = 100'000;
  constexpr int size = 32;
  std::string text;
  for (int i = 0; i < functions; ++i) {
    // lea rsi, [the next but one]; call the next; store; ret
    std::string body = "\x48\x8d\x35";
    const int further = (i + 2) % functions, next = (i + 1) % functions;
    append(body, static_cast<std::int32_t>((further - i) * size - 7));
    body += '\xe8';
    append(body, static_cast<std::int32_t>((next - i) * size - 12));
    body += store_to_data() + "\xc3";
    body.resize(size, '\x90');
    text += body;
  }
  Hostile hostile(text);
  for (int i = 0; i < functions; ++i) {
    Symbol symbol =
        function_symbol(std::string("f").append(std::to_string(i)), text_at + static_cast<std::uint64_t>(i) * size);
    symbol.size = size, symbol.exported = i == 0;
    hostile.image.symbols.push_back(symbol);
  }
  model::CodeFacts facts;
  EXPECT_LT(seconds_of([&] { facts = collect_code(hostile.image); }), 30.0);
  EXPECT_EQ(facts.writes.size(), static_cast<std::size_t>(functions));
  std::size_t longest = 0;
  for (const model::CodeWrite& write : facts.writes) {
    for (const model::Reached& row : write.reached) longest = std::max(longest, row.path.size());
  }
  EXPECT_LT(longest, 200u);
  EXPECT_LT(peak_megabytes(), 512);
}

TEST(HostileCode, OverlappingFunctionsAndSectionsAreReadOnce) {
  Hostile hostile(repeated(1 << 16, store_to_data()));
  for (int i = 0; i < 2000; ++i) {
    Symbol symbol = function_symbol(std::to_string(i), text_at + static_cast<std::uint64_t>(i));
    symbol.size = 1 << 16;
    hostile.image.symbols.push_back(symbol);
    Section again = hostile.image.sections[0];
    again.address += static_cast<std::uint64_t>(i);
    hostile.image.sections.insert(hostile.image.sections.end() - 1, again);
  }
  std::uint64_t covered = 0, bytes = 0;
  for (const FunctionRange& function : find_functions(hostile.image)) {
    EXPECT_GE(function.begin, covered);
    covered = function.end;
    bytes += function.end - function.begin;
  }
  EXPECT_LE(bytes, hostile.image.sections[0].size + 2000u);
  EXPECT_LT(seconds_of([&] { collect_code(hostile.image); }), 30.0);
}

TEST(HostileCode, TablesThatSayTheyAreEndless) {
  // lea rdi, [data + n]; mov rax, [rdi + rcx * 8]; mov [rax], ecx: each time from another table.
  std::string text;
  for (std::uint64_t n = 0; n < 2000; ++n) {
    text += load_address_of_data(text.size());
    text += "\x48\x8b\x04\xcf\x89\x08";
  }
  Hostile hostile(text + "\xc3");
  for (std::uint64_t n = 0; n < 512; ++n) {
    Symbol symbol;
    symbol.name = "table" + std::to_string(n);
    symbol.address = data_at + n * 8;
    symbol.size = std::uint64_t{1} << 60;
    symbol.kind = Symbol::Kind::object;
    hostile.image.symbols.push_back(symbol);
  }
  model::CodeFacts facts;
  EXPECT_LT(seconds_of([&] { facts = collect_code(hostile.image); }), 30.0);
  EXPECT_TRUE(facts.read) << facts.why_not;
}

TEST(HostileCode, AnUnknownMachineIsSaid) {
  const Hostile hostile("\x90", Machine::other);
  EXPECT_EQ(collect_code(hostile.image).why_not, "no disassembler for made here is built in");
}

/// A hook whose ways part at every second instruction and die soon after: nothing of them may add up.
TEST(HostileCode, AHookWithAMillionWaysEnds) {
  std::string text;
  for (int i = 0; i < 4000; ++i) {
    // mov [data + i], eax; test edi, edi (unknown); jz over a trap
    text += "\x89\x04\x25";
    append(text, static_cast<std::uint32_t>(data_at + static_cast<std::uint64_t>(i % 1000) * 4));
    text += std::string("\x85\xff\x74\x02\x0f\x0b", 6);
  }
  text += "\xc3";
  const Hostile hostile(text);
  HookReader reader(hostile.image);
  HookReading reading;
  EXPECT_LT(seconds_of([&] { reading = reader.read(text_at); }), 10.0);
  EXPECT_TRUE(reading.incomplete || !reading.paths.empty());
}

/// LLVM's reader adds operands to what the last instruction left when the next bytes are none.
TEST(HostileCode, NothingOfTheLastInstructionIsLeft) {
  std::string text;
  for (std::uint32_t word = 0; word < 100'000; ++word) {
    append(text, 0xC0800000u | (word * 2654435761u & 0x1FFFFFu));  // matrix instructions, with and without operands
    append(text, word % 2 == 0 ? 0u : 0xFFFFFFFFu);                // never an instruction
  }
  const Hostile hostile(text, Machine::aarch64);
  EXPECT_TRUE(collect_code(hostile.image).read);
}

// --- unwind tables ---------------------------------------------------------------------------------------------------

/// A CIE ("zR", pcrel sdata4) and entries of it for consecutive functions of 16 bytes.
std::string unwind_table(std::uint64_t address, int entries, unsigned filling) {
  std::string table;
  append(table, std::uint32_t{20});
  append(table, std::uint32_t{0});
  table += std::string("\x01zR\0\x01\x78\x10\x01\x1b", 9) + std::string(7, '\0');
  for (int i = 0; i < entries; ++i) {
    append(table, static_cast<std::uint32_t>(16 + filling));
    append(table, static_cast<std::uint32_t>(table.size()));
    append(table, static_cast<std::uint32_t>(text_at + static_cast<std::uint64_t>(i) * 16 - (address + table.size())));
    append(table, std::uint32_t{16});
    table += std::string(4 + filling, '\0');
  }
  return table;
}

std::map<std::uint64_t, std::uint64_t> ranges_of(const std::string& bytes, std::uint64_t address) {
  Section table;
  table.address = address;
  table.size = bytes.size();
  table.bytes = {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
  std::map<std::uint64_t, std::uint64_t> ranges;
  each_unwind_range(table, [&](std::uint64_t begin, std::uint64_t end) { ranges.emplace(begin, end); });
  return ranges;
}

TEST(UnwindTable, NamesEachFunction) {
  const auto ranges = ranges_of(unwind_table(0x9000, 3, 0), 0x9000);
  EXPECT_EQ(ranges, (std::map<std::uint64_t, std::uint64_t>{
                        {text_at, text_at + 16}, {text_at + 16, text_at + 32}, {text_at + 32, text_at + 48}}));
}

TEST(UnwindTable, KeepsWhatCameBeforeTheDamage) {
  const std::string whole = unwind_table(0x9000, 3, 0);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_LE(ranges_of(whole.substr(0, size), 0x9000).size(), 3u);
  }
  EXPECT_EQ(ranges_of(whole.substr(0, whole.size() - 5), 0x9000).size(), 2u);
}

TEST(UnwindTable, EndlessTablesCostNoMoreThanTheirBytes) {
  const long before = peak_megabytes();
  EXPECT_LT(seconds_of([] { ranges_of(unwind_table(0x9000, 100, 1 << 17), 0x9000); }), 10.0);
  EXPECT_LT(seconds_of([] { ranges_of(unwind_table(0x9000, 500'000, 0), 0x9000); }), 10.0);
  EXPECT_LT(peak_megabytes() - before, 200);
}

}  // namespace
}  // namespace isoaudit::analyzer
