#pragma once

#include <cstddef>
#include <span>
#include <string_view>

/// Where the functions of a type stand: the numbers of PyType_Slot and the layout of PyTypeObject and its tables.
namespace isoaudit::model {

/// What headers call slot `id` of a PyType_Slot or (3.15) PySlot array: "tp_dealloc"; empty when no version has it.
std::string_view type_slot_name(unsigned id);

/// The fields of PyTypeObject from tp_name on, one name for each pointer-sized word. The same in every version and
/// build: they differ in what stands before tp_name and after tp_vectorcall.
std::span<const std::string_view> type_fields();

/// The functions of PyNumberMethods and its like, a word each: the table that field `word` of a type points to; empty
/// when it points to none.
std::span<const std::string_view> type_table_fields(std::size_t word);

}  // namespace isoaudit::model
