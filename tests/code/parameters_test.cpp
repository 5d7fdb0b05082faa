#include "analyzer/tables/parameters.h"

#include <gtest/gtest.h>

namespace isoaudit::analyzer {
namespace {

struct Case {
  const char* function;
  unsigned index;
  ParameterUse use;
};

class Parameters : public testing::TestWithParam<Case> {};

TEST_P(Parameters, AreWrittenOrNot) {
  EXPECT_EQ(parameter_use(GetParam().function, GetParam().index), GetParam().use)
      << GetParam().function << " " << GetParam().index;
}

INSTANTIATE_TEST_SUITE_P(
    Table, Parameters,
    testing::Values(
        Case{"PyArg_ParseTuple", 1, ParameterUse::not_written}, Case{"PyArg_ParseTuple", 2, ParameterUse::written},
        Case{"PyArg_ParseTuple", 5, ParameterUse::written},
        Case{"PyArg_ParseTupleAndKeywords", 3, ParameterUse::not_written},
        Case{"PyArg_ParseTupleAndKeywords", 4, ParameterUse::written}, Case{"PyType_Ready", 0, ParameterUse::written},
        Case{"PyModule_AddType", 0, ParameterUse::not_written}, Case{"PyModule_AddType", 1, ParameterUse::written},
        Case{"_PyArg_ParseTuple_SizeT", 2, ParameterUse::written}, Case{"Py_BuildValue", 1, ParameterUse::not_written},
        Case{"PyArg_ParseArray", 2, ParameterUse::not_written}, Case{"PyArg_ParseArray", 3, ParameterUse::written},
        Case{"PyLong_AsInt64", 1, ParameterUse::written}, Case{"PyTime_Monotonic", 0, ParameterUse::written},
        Case{"PyMem_GetAllocator", 1, ParameterUse::written}, Case{"PyMem_SetAllocator", 1, ParameterUse::not_written},
        Case{"PyUnicode_DecodeUTF8Stateful", 3, ParameterUse::written},
        Case{"_PyBytes_Resize", 0, ParameterUse::written}, Case{"PyModuleDef_Init", 0, ParameterUse::not_written},
        Case{"PyErr_Fetch", 2, ParameterUse::written}, Case{"memcpy", 0, ParameterUse::written},
        Case{"PyThread_tss_create", 0, ParameterUse::not_written},
        Case{"PyThread_tss_delete", 0, ParameterUse::not_written}, Case{"memcpy", 1, ParameterUse::not_written},
        Case{"strlen", 0, ParameterUse::not_written}, Case{"__ctype_b_loc", 0, ParameterUse::not_written},
        Case{"__errno_location", 0, ParameterUse::not_written},
        Case{"__cxa_thread_atexit_impl", 2, ParameterUse::not_written}, Case{"_ZdlPvm", 0, ParameterUse::not_written},
        Case{"??3@YAXPEAX_K@Z", 1, ParameterUse::not_written}, Case{"realloc", 0, ParameterUse::not_written},
        Case{"__assert_fail", 3, ParameterUse::not_written}, Case{"XML_SetUserData", 0, ParameterUse::unknown},
        Case{"", 0, ParameterUse::unknown}));

}  // namespace
}  // namespace isoaudit::analyzer
