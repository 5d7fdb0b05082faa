#include "model/type_slots.h"

#include <algorithm>
#include <array>

namespace isoaudit::model {
namespace {

// By number. Include/typeslots.h: "these numbers are part of the stable ABI"; the last four are 3.15's second numbers
// (Include/slots_generated.h), between them module slots (python_version.cpp).
constexpr auto slot_names = std::to_array<std::string_view>({"",
                                                             "bf_getbuffer",
                                                             "bf_releasebuffer",
                                                             "mp_ass_subscript",
                                                             "mp_length",
                                                             "mp_subscript",
                                                             "nb_absolute",
                                                             "nb_add",
                                                             "nb_and",
                                                             "nb_bool",
                                                             "nb_divmod",
                                                             "nb_float",
                                                             "nb_floor_divide",
                                                             "nb_index",
                                                             "nb_inplace_add",
                                                             "nb_inplace_and",
                                                             "nb_inplace_floor_divide",
                                                             "nb_inplace_lshift",
                                                             "nb_inplace_multiply",
                                                             "nb_inplace_or",
                                                             "nb_inplace_power",
                                                             "nb_inplace_remainder",
                                                             "nb_inplace_rshift",
                                                             "nb_inplace_subtract",
                                                             "nb_inplace_true_divide",
                                                             "nb_inplace_xor",
                                                             "nb_int",
                                                             "nb_invert",
                                                             "nb_lshift",
                                                             "nb_multiply",
                                                             "nb_negative",
                                                             "nb_or",
                                                             "nb_positive",
                                                             "nb_power",
                                                             "nb_remainder",
                                                             "nb_rshift",
                                                             "nb_subtract",
                                                             "nb_true_divide",
                                                             "nb_xor",
                                                             "sq_ass_item",
                                                             "sq_concat",
                                                             "sq_contains",
                                                             "sq_inplace_concat",
                                                             "sq_inplace_repeat",
                                                             "sq_item",
                                                             "sq_length",
                                                             "sq_repeat",
                                                             "tp_alloc",
                                                             "tp_base",
                                                             "tp_bases",
                                                             "tp_call",
                                                             "tp_clear",
                                                             "tp_dealloc",
                                                             "tp_del",
                                                             "tp_descr_get",
                                                             "tp_descr_set",
                                                             "tp_doc",
                                                             "tp_getattr",
                                                             "tp_getattro",
                                                             "tp_hash",
                                                             "tp_init",
                                                             "tp_is_gc",
                                                             "tp_iter",
                                                             "tp_iternext",
                                                             "tp_methods",
                                                             "tp_new",
                                                             "tp_repr",
                                                             "tp_richcompare",
                                                             "tp_setattr",
                                                             "tp_setattro",
                                                             "tp_str",
                                                             "tp_traverse",
                                                             "tp_members",
                                                             "tp_getset",
                                                             "tp_free",
                                                             "nb_matrix_multiply",
                                                             "nb_inplace_matrix_multiply",
                                                             "am_await",
                                                             "am_aiter",
                                                             "am_anext",
                                                             "tp_finalize",
                                                             "am_send",
                                                             "tp_vectorcall",
                                                             "tp_token",
                                                             "",
                                                             "",
                                                             "",
                                                             "",
                                                             "bf_getbuffer",
                                                             "bf_releasebuffer",
                                                             "mp_ass_subscript",
                                                             "mp_length"});

// Include/cpython/object.h, 3.12 to 3.15.
constexpr auto fields = std::to_array<std::string_view>(
    {"tp_name",        "tp_basicsize",  "tp_itemsize",    "tp_dealloc",        "tp_vectorcall_offset",
     "tp_getattr",     "tp_setattr",    "tp_as_async",    "tp_repr",           "tp_as_number",
     "tp_as_sequence", "tp_as_mapping", "tp_hash",        "tp_call",           "tp_str",
     "tp_getattro",    "tp_setattro",   "tp_as_buffer",   "tp_flags",          "tp_doc",
     "tp_traverse",    "tp_clear",      "tp_richcompare", "tp_weaklistoffset", "tp_iter",
     "tp_iternext",    "tp_methods",    "tp_members",     "tp_getset",         "tp_base",
     "tp_dict",        "tp_descr_get",  "tp_descr_set",   "tp_dictoffset",     "tp_init",
     "tp_alloc",       "tp_new",        "tp_free",        "tp_is_gc",          "tp_bases",
     "tp_mro",         "tp_cache",      "tp_subclasses",  "tp_weaklist",       "tp_del",
     "tp_version_tag", "tp_finalize",   "tp_vectorcall"});

constexpr auto async_fields = std::to_array<std::string_view>({"am_await", "am_aiter", "am_anext", "am_send"});

constexpr auto number_fields = std::to_array<std::string_view>({"nb_add",
                                                                "nb_subtract",
                                                                "nb_multiply",
                                                                "nb_remainder",
                                                                "nb_divmod",
                                                                "nb_power",
                                                                "nb_negative",
                                                                "nb_positive",
                                                                "nb_absolute",
                                                                "nb_bool",
                                                                "nb_invert",
                                                                "nb_lshift",
                                                                "nb_rshift",
                                                                "nb_and",
                                                                "nb_xor",
                                                                "nb_or",
                                                                "nb_int",
                                                                "nb_reserved",
                                                                "nb_float",
                                                                "nb_inplace_add",
                                                                "nb_inplace_subtract",
                                                                "nb_inplace_multiply",
                                                                "nb_inplace_remainder",
                                                                "nb_inplace_power",
                                                                "nb_inplace_lshift",
                                                                "nb_inplace_rshift",
                                                                "nb_inplace_and",
                                                                "nb_inplace_xor",
                                                                "nb_inplace_or",
                                                                "nb_floor_divide",
                                                                "nb_true_divide",
                                                                "nb_inplace_floor_divide",
                                                                "nb_inplace_true_divide",
                                                                "nb_index",
                                                                "nb_matrix_multiply",
                                                                "nb_inplace_matrix_multiply"});

constexpr auto sequence_fields =
    std::to_array<std::string_view>({"sq_length", "sq_concat", "sq_repeat", "sq_item", "was_sq_slice", "sq_ass_item",
                                     "was_sq_ass_slice", "sq_contains", "sq_inplace_concat", "sq_inplace_repeat"});

constexpr auto mapping_fields = std::to_array<std::string_view>({"mp_length", "mp_subscript", "mp_ass_subscript"});

constexpr auto buffer_fields = std::to_array<std::string_view>({"bf_getbuffer", "bf_releasebuffer"});

struct Table {
  std::string_view field;
  std::span<const std::string_view> fields;
};

constexpr auto tables = std::to_array<Table>({
    {"tp_as_async", async_fields},
    {"tp_as_number", number_fields},
    {"tp_as_sequence", sequence_fields},
    {"tp_as_mapping", mapping_fields},
    {"tp_as_buffer", buffer_fields},
});

}  // namespace

std::string_view type_slot_name(unsigned id) { return id < slot_names.size() ? slot_names[id] : std::string_view(); }

std::span<const std::string_view> type_fields() { return fields; }

std::span<const std::string_view> type_table_fields(std::size_t word) {
  if (word >= fields.size()) return {};
  const auto* table = std::ranges::find(tables, fields[word], &Table::field);
  return table == tables.end() ? std::span<const std::string_view>() : table->fields;
}

}  // namespace isoaudit::model
