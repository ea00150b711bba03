// pelton._http2: how frames of HTTP/2 are read and written. A module of its own, so that nghttp2 is
// loaded where HTTP/2 is served and nowhere else.
#include <pybind11/pybind11.h>

#include "http/h2/nghttp2_codec.hpp"
#include "pymod/bindings/codec_capsule.hpp"

namespace pelton::py {
namespace {

namespace pb = pybind11;

// The capsule owns the source.
pb::capsule codecs() {
  http::h2::CodecSource* const source = new http::h2::Nghttp2CodecSource;
  return {source, codec_capsule_name,
          [](void* owned) { delete static_cast<http::h2::CodecSource*>(owned); }};
}

}  // namespace
}  // namespace pelton::py

PYBIND11_MODULE(_http2, module) {
  module.doc() = "HTTP/2 of pelton's connections. Private; use `pelton` instead.";
  module.def("codecs", pelton::py::codecs,
             "What reads and writes the frames of connections, for Server(http2=).");
  module.def("library_version", [] { return nghttp2_version(0)->version_str; }, "Of nghttp2.");
}
