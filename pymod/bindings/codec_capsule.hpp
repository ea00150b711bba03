// How the module that knows HTTP/2 gives its codec to the one that serves.
#pragma once

#include <pybind11/pybind11.h>

namespace pelton::http::h2 {
class CodecSource;
}

namespace pelton::py {

// Of a capsule that holds a CodecSource.
inline constexpr const char* codec_capsule_name = "pelton.Http2CodecSource";

// Throws for a capsule of something else.
inline http::h2::CodecSource* codecs_in(const pybind11::capsule& capsule) {
  void* const source = PyCapsule_GetPointer(capsule.ptr(), codec_capsule_name);
  if (source == nullptr) throw pybind11::error_already_set();
  return static_cast<http::h2::CodecSource*>(source);
}

}  // namespace pelton::py
