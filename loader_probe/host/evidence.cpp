#include "loader_probe/host/evidence.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <tuple>

#include "loader_probe/host/symbolize.h"
#include "loader_probe/host/tracked_writes.h"
#include "loader_probe/inside/events.h"

namespace isoaudit::loader_probe {
namespace {

using llvm::json::Array;
using llvm::json::Object;

struct Extent {
  std::string file{};
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct WordChange {
  std::string step{};
  std::int64_t interpreter = 0;
  std::int64_t before = 0;
  std::int64_t after = 0;
};

template <typename Value>
void add_unique(std::vector<Value>& values, const Value& value) {
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
}

class Reader {
 public:
  Reader(const std::string& module_path, const model::Interpreter& interpreter)
      : layout_(model::find_layout(interpreter.version, interpreter.free_threaded)) {
    std::error_code error;
    module_path_ = std::filesystem::canonical(module_path, error).string();
    if (error) module_path_ = module_path;
  }

  void read(const EventLog& log) {
    for (const Object& event : log.events) {
      const std::string name = string_of(event, events::key_event);
      if (name == events::image) images_[integer_of(event, "index")] = string_of(event, "path");
      if (name == events::shared) read_shared(event);
      if (name == events::common) read_common(event);
      if (name == events::changed) read_changed(event);
      if (name == events::scanned) ++scan_;
      if (name == events::argument_parser) {
        const Address at = address_of(event);
        own_.push_back({at.file, at.vaddr, at.vaddr + static_cast<std::uint64_t>(integer_of(event, "size"))});
      }
      if (name == events::definition) {
        const Address at = address_of(event);
        own_.push_back({at.file, at.vaddr, at.vaddr + (layout_ ? layout_->module_def_size : 0)});
      }
    }
  }

  void read_tracked(const EventLog& log) { tracked_ = read_tracked_writes(log); }

  Evidence take() {
    Evidence evidence;
    for (auto& [key, seen] : shared_) {
      model::SharedObject& object = seen.object;
      const auto& [at, kind] = key;
      if (object.type_name == "moduledef") continue;
      if (kind != model::SharedObject::Kind::is_static && covered(at)) continue;
      name(at, object);
      if (!written_at_run_time(object.section)) continue;
      if (object.owners.empty()) object.owners = last_writer(at);
      std::sort(object.owners.begin(), object.owners.end());
      for (const model::SharedObject& before : seen.before) {
        if (object.owners.size() != 1 || before.owners == object.owners) continue;
        object.replaced = before.description + " of interpreter " + std::to_string(before.owners.front());
      }
      if (const auto writes = tracked_.find(at); writes != tracked_.end()) add_writers(object.by, writes->second);
      auto& found = kind == model::SharedObject::Kind::leads_to ? evidence.behind : evidence.shared;
      found.push_back(std::move(object));
    }
    evidence.shared.insert(evidence.shared.end(), common_.begin(), common_.end());
    take_changes(evidence);
    std::sort(evidence.shared.begin(), evidence.shared.end());
    std::sort(evidence.behind.begin(), evidence.behind.end());
    std::sort(evidence.changed.begin(), evidence.changed.end());
    return evidence;
  }

 private:
  Address address_of(const Object& event) const {
    const auto image = images_.find(integer_of(event, "image"));
    return {image == images_.end() ? "" : image->second, static_cast<std::uint64_t>(integer_of(event, "vaddr")),
            flag_of(event, "tls")};
  }

  /// What "what" and "owners" tell; the bytes of an instance.
  static std::uint64_t read_object(const Object& event, model::SharedObject& object) {
    std::uint64_t size = 0;
    if (const Array* what = event.getArray("what"); what && what->size() == 6) {
      object.type_name = (*what)[0].getAsString().value_or("").str();
      object.description = (*what)[1].getAsString().value_or("").str();
      object.is_type = (*what)[2].getAsBoolean().value_or(false);
      object.is_exception = (*what)[3].getAsBoolean().value_or(false);
      object.is_module = (*what)[4].getAsBoolean().value_or(false);
      size = static_cast<std::uint64_t>((*what)[5].getAsInteger().value_or(0));
    }
    if (const Array* owners = event.getArray("owners")) {
      for (const llvm::json::Value& owner : *owners) add_unique(object.owners, owner.getAsInteger().value_or(-1));
    }
    return size;
  }

  void read_common(const Object& event) {
    model::SharedObject object;
    object.kind = model::SharedObject::Kind::common;
    object.symbol = string_of(event, "name");
    read_object(event, object);
    add_unique(common_, object);
  }

  void read_shared(const Object& event) {
    const Address at = address_of(event);
    using Kind = model::SharedObject::Kind;
    const std::string word = string_of(event, "kind");
    const Kind kind = word == events::shared_static     ? Kind::is_static
                      : word == events::shared_block    ? Kind::block
                      : word == events::shared_leads_to ? Kind::leads_to
                                                        : Kind::holds;
    Seen& seen = shared_[{at, kind}];
    // What a later scan finds in a place is what it holds then: not both interpreters' objects.
    if (seen.scan != scan_) {
      if (seen.object.owners.size() == 1) seen.before.push_back(std::move(seen.object));
      seen.object = {};
      seen.scan = scan_;
    }
    model::SharedObject& object = seen.object;
    object.kind = kind;
    std::uint64_t size = read_object(event, object);
    if (kind == Kind::is_static) {
      // What a static type refers to (its dict, its bases) is no finding beside the type itself.
      if (object.is_type && layout_) size = layout_->type_object_size;
      static_objects_.push_back({at.file, at.vaddr, at.vaddr + size});
    }
  }

  void read_changed(const Object& event) {
    const Array* words = event.getArray("words");
    if (!words) return;
    for (const llvm::json::Value& value : *words) {
      const Array* word = value.getAsArray();
      if (!word || word->size() != 5) continue;
      const auto number = [&](std::size_t i) { return (*word)[i].getAsInteger().value_or(0); };
      const auto image = images_.find(number(0));
      const Address at{image == images_.end() ? "" : image->second, static_cast<std::uint64_t>(number(1)),
                       number(4) != 0};
      changes_[at].push_back({string_of(event, "step"), integer_of(event, "interp"), number(2), number(3)});
    }
  }

  bool in(const std::vector<Extent>& extents, const Address& at) const {
    return !at.is_thread_local && std::any_of(extents.begin(), extents.end(), [&](const Extent& extent) {
      return extent.file == at.file && at.vaddr >= extent.begin && at.vaddr < extent.end;
    });
  }

  bool covered(const Address& at) const { return in(own_, at) || in(static_objects_, at); }

  // The linker fills these; a module does not.
  static bool written_at_run_time(const std::string& section) {
    static const std::set<std::string> linker = {".got",        ".got.plt",    ".dynamic", ".data.rel.ro",
                                                 ".init_array", ".fini_array", ".ctors",   ".dtors"};
    return !linker.contains(section) && !section.starts_with(".data.rel.ro");
  }

  Place find(const Address& at) {
    auto known = symbolizers_.find(at.file);
    if (known == symbolizers_.end()) known = symbolizers_.emplace(at.file, Symbolizer(at.file)).first;
    return known->second.find(at.vaddr, at.is_thread_local);
  }

  template <typename Fact>
  void name(const Address& at, Fact& fact) {
    const Place place = find(at);
    fact.symbol = place.symbol;
    fact.linkage_name = place.linkage_name;
    fact.section = place.section;
    fact.offset = place.offset;
    if constexpr (requires { fact.symbol_offset; }) fact.symbol_offset = place.symbol_offset;
    if (at.file != module_path_) fact.library = std::filesystem::path(at.file).filename().string();
  }

  std::vector<std::int64_t> last_writer(const Address& at) const {
    const auto found = changes_.find(at);
    if (found == changes_.end()) return {};
    return {found->second.back().interpreter};
  }

  // The variables whose bytes differ: small ones share a word. Without symbols the word stands for itself.
  std::vector<model::ChangedWord> variables_in(const Address& at, const std::vector<WordChange>& changes) {
    std::vector<model::ChangedWord> variables;
    std::uint64_t difference = 0;
    for (const WordChange& change : changes) difference |= static_cast<std::uint64_t>(change.before ^ change.after);
    for (unsigned byte = 0; byte < 8; ++byte) {
      if (((difference >> (8 * byte)) & 0xff) == 0) continue;
      model::ChangedWord variable;
      const Place place = find({at.file, at.vaddr + byte, at.is_thread_local});
      name({at.file, at.vaddr + (place.symbol.empty() ? 0 : byte), at.is_thread_local}, variable);
      variable.offset -= place.symbol_offset;
      if (written_at_run_time(variable.section)) add_unique(variables, variable);
    }
    return variables;
  }

  // One entry for each variable and kind of step, however many words it has: by file, variable and step.
  using ChangedVariables = std::map<std::tuple<std::string, std::string, std::string>, model::ChangedWord>;

  static std::string key_of(const model::ChangedWord& variable) {
    return variable.linkage_name.empty() ? variable.section + "+" + std::to_string(variable.offset)
                                         : variable.linkage_name;
  }

  void add_writers(std::vector<model::WritingFunction>& by, const std::vector<TrackedWrite>& writes) {
    for (const TrackedWrite& write : writes) add_unique(by, places_.name(write));
    std::sort(by.begin(), by.end());
  }

  // Those whose bytes differ; where it wrote what was there, the one at which the store began.
  std::vector<model::ChangedWord> variables_of(const Address& at, const TrackedWrite& write) {
    if (write.before != write.after) return variables_in(at, {{"", 0, write.before, write.after}});
    model::ChangedWord variable;
    const Place place = find({at.file, at.vaddr + write.byte, false});
    name({at.file, at.vaddr + (place.symbol.empty() ? 0 : write.byte), false}, variable);
    if (!written_at_run_time(variable.section)) return {};
    variable.offset -= place.symbol_offset;
    return {variable};
  }

  // Who wrote what the comparison saw, and what it could not see: values written again, or taken back in the same step.
  void add_tracked(ChangedVariables& entries) {
    for (const auto& [at, writes] : tracked_) {
      if (covered(at)) continue;
      for (const TrackedWrite& write : writes) {
        for (const model::ChangedWord& variable : variables_of(at, write)) {
          auto [entry, fresh] = entries.try_emplace({at.file, key_of(variable), write.step}, variable);
          model::ChangedWord& word = entry->second;
          word.step = write.step;
          add_writers(word.by, {write});
          const auto& seen = word.writers;
          if (std::find(seen.begin(), seen.end(), write.interpreter) != seen.end()) continue;
          add_unique(word.silent_writers, write.interpreter);
          if (write.changed && write.through_file.empty() && !write.atomic) word.transient = true;
        }
      }
    }
    // One interpreter alone, and nothing is left of it.
    std::erase_if(entries, [](const auto& entry) {
      return entry.second.writers.empty() && entry.second.silent_writers.size() < 2;
    });
    for (auto& [key, entry] : entries) std::sort(entry.silent_writers.begin(), entry.silent_writers.end());
  }

  void take_changes(Evidence& evidence) {
    ChangedVariables entries;
    for (const auto& [at, changes] : changes_) {
      if (covered(at)) continue;
      for (const model::ChangedWord& variable : variables_in(at, changes)) {
        std::map<std::string, std::vector<std::int64_t>> writers;
        for (const WordChange& change : changes) add_unique(writers[change.step], change.interpreter);
        for (const auto& [step, ids] : writers) {
          auto [entry, fresh] = entries.try_emplace({at.file, key_of(variable), step}, variable);
          entry->second.step = step;
          const bool balanced =
              changes.back().step == events::step_destroy && changes.front().before == changes.back().after;
          entry->second.balanced = balanced && (fresh || entry->second.balanced);
          if (!fresh) ++entry->second.words;
          // Changed in such a step by one interpreter, then by another one to something else.
          if (ids.size() > 1) entry->second.overwritten = true;
          for (const std::int64_t id : ids) add_unique(entry->second.writers, id);
        }
      }
    }
    add_tracked(entries);
    for (auto& [key, entry] : entries) {
      std::sort(entry.writers.begin(), entry.writers.end());
      evidence.changed.push_back(std::move(entry));
    }
  }

  const model::PythonLayout* layout_;
  std::string module_path_{};
  std::map<std::int64_t, std::string> images_{};
  /// As the newest scan saw it that saw it at all.
  struct Seen {
    model::SharedObject object{};
    unsigned scan = 0;
    /// As the scans before saw it, where it had one owner.
    std::vector<model::SharedObject> before{};
  };
  std::map<std::pair<Address, model::SharedObject::Kind>, Seen> shared_{};
  std::vector<model::SharedObject> common_{};
  unsigned scan_ = 0;
  std::map<Address, std::vector<WordChange>> changes_{};
  std::map<Address, std::vector<TrackedWrite>> tracked_{};
  CodePlaces places_{};
  std::vector<Extent> own_{};
  std::vector<Extent> static_objects_{};
  std::map<std::string, Symbolizer> symbolizers_{};
};

}  // namespace

Evidence collect_evidence(const EventLog& log, const std::string& module_path, const model::Interpreter& interpreter,
                          const EventLog* tracked) {
  Reader reader(module_path, interpreter);
  reader.read(log);
  if (tracked) reader.read_tracked(*tracked);
  return reader.take();
}

}  // namespace isoaudit::loader_probe
