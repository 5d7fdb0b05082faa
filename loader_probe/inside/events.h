#pragma once

/// The words of the channel from the child to the host: the one file that both include.
///
/// One JSON object a line. Every line carries the run's token, which the host made up and sent over the configuration
/// pipe: a module that writes to every descriptor it finds cannot make an event. The first event is `start` with the
/// schema, the last one `end` with the number of `step` events before it; without it the child did not finish, whatever
/// its exit status says.
namespace isoaudit::events {

inline constexpr char schema[] = "isoaudit-probe/1";

// Keys of every line.
inline constexpr char key_token[] = "t";
inline constexpr char key_event[] = "e";

// {schema, version, hex}
inline constexpr char start[] = "start";
// {what, interp, round}: written before the thing is done, so the last one says what a dead child was doing.
inline constexpr char step[] = "step";
// {interp, round, ok, refused, result: {ok, chain: [[type, text]], refusals: [[name, origin, text]], instead}}: how one
// import ended; `refused` when the import system refused the audited file itself.
inline constexpr char import[] = "import";
// {interp, raised: [text], calls}: what the exercise raised, of so many uses.
inline constexpr char exercise[] = "exercise";
// {interp, failed: [[name, text]]}: which tests of the distribution failed.
inline constexpr char tests[] = "tests";
// {modules: [[name, origin]]}: extension modules that came with the import into the main interpreter, in that order.
inline constexpr char extensions[] = "extensions";
// {refused, chain}: the spec of the audited file alone, through _imp.create_dynamic.
inline constexpr char declares[] = "declares";
// {name, result}: a dependency imported by itself into an isolated interpreter.
inline constexpr char dependency[] = "dependency";
// {index, path}: a file whose writable memory is watched.
inline constexpr char image[] = "image";
// {image, vaddr}: a PyModuleDef in watched memory, which the import system itself writes to.
inline constexpr char definition[] = "definition";
// {image, vaddr, size}: a _PyArg_Parser in watched memory, which CPython itself fills.
inline constexpr char argument_parser[] = "argument_parser";
// {step, interp, words: [[image, vaddr, old, new, thread-local]], dropped}: what a step changed there.
inline constexpr char changed[] = "changed";
// {step, interp, mode, writes: [[image, vaddr, before, after, count, atomic, changed, code file, code vaddr, through
//  file, through vaddr]], dropped, left_open}: writes to watched memory and the instruction that made each. "before" is
//  the word before the first of them, "after" the one behind the last. "code" is the instruction, or where a watched
//  file called the function elsewhere that holds the instruction: then that one is "through".
inline constexpr char written[] = "written";
// {text}: why writes are not tracked, or not to the end.
inline constexpr char untracked[] = "untracked";
// {kind: "holds", "static", "block" or "leads to", image, vaddr, tls, owners: [interp],
//  what: [type, text, is type, is exception class, is module, bytes]}
inline constexpr char shared[] = "shared";
inline constexpr char shared_holds[] = "holds";
inline constexpr char shared_static[] = "static";
inline constexpr char shared_block[] = "block";
inline constexpr char shared_leads_to[] = "leads to";
// {name, owners: [interp, interp], what as in `shared`}: an object that the module offers in both, by name.
inline constexpr char common[] = "common";
// {interpreters, objects, words}: the ownership scan looked at so much.
inline constexpr char scanned[] = "scanned";
// {asked, code: [file, vaddr]}: a thread that ran no interpreter asked CPython's function for one and got main.
inline constexpr char foreign_thread[] = "foreign_thread";
// {interp, by, step, moved: [text]}: while `by` did the step, counts of references in the resting `interp` changed.
inline constexpr char moved[] = "moved";
// {round, blocks, threads, descriptors, mappings, types: [name]}: what the process has more of than before one
//  interpreter lived in it, and heap types of the module that are still there. Round -1: an interpreter without the
//  module.
inline constexpr char left[] = "left";
// {signal, address: decimal, when the signal has one, frames: [[file, vaddr]]}: the process is about to end by a
// signal; innermost first.
inline constexpr char crash[] = "crash";
// {kind, what, step, interp}: a step changed what belongs to the whole process.
inline constexpr char process[] = "process";
inline constexpr char process_folder[] = "folder";
inline constexpr char process_umask[] = "umask";
inline constexpr char process_locale[] = "locale";
inline constexpr char process_environment[] = "environment";
inline constexpr char process_handler[] = "handler";
inline constexpr char process_timer[] = "timer";
inline constexpr char process_stream[] = "stream";
inline constexpr char process_limits[] = "limits";
// {text}: something to tell a person, no fault by itself ("the module forked the process").
inline constexpr char note[] = "note";
// {text}: the level could not be started.
inline constexpr char not_possible[] = "not_possible";
// {steps, times: {step: microseconds}}: over all interpreters; a module that never returns from a step tells none.
inline constexpr char end[] = "end";

// Names of steps, as reports quote them.
inline constexpr char step_create[] = "create";
inline constexpr char step_load[] = "load";
inline constexpr char step_import[] = "import";
inline constexpr char step_exercise[] = "exercise";
inline constexpr char step_scan[] = "scan";
inline constexpr char step_destroy[] = "destroy";
inline constexpr char step_compare[] = "compare";
inline constexpr char step_tests[] = "tests";
inline constexpr char step_declares[] = "declares";
inline constexpr char step_dependency[] = "dependency";

// Configuration, host to child: "key\0value\0" repeated until the pipe ends.
inline constexpr char config_token[] = "token";
inline constexpr char config_level[] = "level";
inline constexpr char config_module[] = "module";
inline constexpr char config_path[] = "path";
inline constexpr char config_root[] = "root";
inline constexpr char config_by_path[] = "by_path";
inline constexpr char config_stubs[] = "stubs";  // "1": its packages' own code does not run
inline constexpr char config_interpreters[] = "interpreters";
inline constexpr char config_rounds[] = "rounds";
inline constexpr char config_count_blocks[] = "count_blocks";  // "1": blocks left behind are a sign
inline constexpr char config_dependency[] = "dependency";      // repeated
inline constexpr char config_evidence[] = "evidence";          // "0": nothing is looked at
inline constexpr char config_exercise[] = "exercise";
inline constexpr char config_test[] = "test";            // repeated: a file for pytest
inline constexpr char config_instances[] = "instances";  // "0": the exercise makes none
inline constexpr char config_preload[] = "preload";      // repeated: main imports it before anything else

// Levels as the configuration names them.
inline constexpr char level_main[] = "main";
inline constexpr char level_legacy[] = "legacy";
inline constexpr char level_strict_shared[] = "strict_shared";
inline constexpr char level_isolated[] = "isolated";
inline constexpr char level_sequential[] = "sequential";
inline constexpr char level_concurrent[] = "concurrent";
inline constexpr char level_forced[] = "forced";
inline constexpr char level_dependencies[] = "dependencies";
inline constexpr char level_warm[] = "warm";
inline constexpr char level_unwatched[] = "unwatched";
inline constexpr char level_tracked[] = "tracked";
inline constexpr char level_tracked_forced[] = "tracked_forced";

// How `written` was seen: each writing instruction, or the first write to each page in a step.
inline constexpr char mode_instruction[] = "instruction";
inline constexpr char mode_page[] = "page";

/// Exit status of a child whose event descriptor was taken away (closed, or replaced) by the module.
inline constexpr int exit_events_lost = 113;
/// Exit status of a copy of the child that the module made by fork.
inline constexpr int exit_forked_copy = 114;

}  // namespace isoaudit::events
