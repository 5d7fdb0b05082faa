#pragma once

#include <string>
#include <string_view>

/// Statics that a generator or a framework puts into a module: nobody's lines, and its user can only do what it offers.
namespace isoaudit::rules {

/// Is a static of that name the generator's own, not its user's? `name` as people write it, with its namespaces.
bool is_generators_own(std::string_view generator, std::string_view name);

/// The subject of a finding that speaks of many of them.
std::string statics_of(std::string_view generator);

/// The name that the user gave it: Cython's "__pyx_v_3pkg_3mod_cache" is `cache`. Other names stay as they are.
std::string users_name(std::string_view generator, std::string_view name);

/// The C names in a sentence about what the user wrote, as the user knows them: Cython's "__pyx_f_3pkg_3mod_f()" is
/// "f()", "__pyx_pymod_exec_mod()" is "the module's body". `text` of another generator's stays as it is, but not that
/// of people's own: what they wrote may be called by what Cython made.
std::string in_users_words(std::string_view generator, std::string text);

/// What a variable of the user's holds; `memory` is all that Python has no type for: arrays, pointers, structs.
enum class Held { object, number, memory };

/// What a user can do about a static of his own that the generator wrote down; empty where he does what everybody does.
std::string users_fix(std::string_view generator, std::string_view users_name, Held held);
/// The same for several of them.
std::string users_fix_of_many(std::string_view generator, Held held);

/// Is that file the user's, or a part of the generator's own library: "View.MemoryView"?
bool is_library_of(std::string_view generator, std::string_view file);

/// A static that the generator keeps for all interpreters together, and guards where it is compiled to: whoever finds
/// all its writes guarded need not ask what it holds. `name` as above.
bool is_guarded_table(std::string_view generator, std::string_view name);

/// is_generators_own for a static of a compiled module. `name` is empty where the symbols are gone: most of those
/// statics are the generator's, when it writes whole files.
bool is_generators_in_binary(std::string_view generator, std::string_view name);

/// What a user of the generator can do; its statics are not his lines.
std::string generator_fix(std::string_view generator);
/// The same for what people write as well: `otherwise` where no generator is known to have made it.
std::string generator_fix(std::string_view generator, std::string_view otherwise);

}  // namespace isoaudit::rules
