// How a module that makes filters of connections gives them to the one that serves.
#pragma once

#include <pybind11/pybind11.h>

namespace pelton::http {
class FilterSource;
}

namespace pelton::py {

// Of a capsule that holds a FilterSource.
inline constexpr const char* filter_capsule_name = "pelton.FilterSource";

// Throws for a capsule of something else.
inline http::FilterSource* filters_in(const pybind11::capsule& capsule) {
  void* const source = PyCapsule_GetPointer(capsule.ptr(), filter_capsule_name);
  if (source == nullptr) throw pybind11::error_already_set();
  return static_cast<http::FilterSource*>(source);
}

}  // namespace pelton::py
