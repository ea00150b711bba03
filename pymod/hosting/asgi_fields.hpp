// The header fields of an ASGI event: any iterable of pairs of bytes.
#pragma once

#include <Python.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "http/message/field.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

class AsgiFields {
 public:
  // Null stands for none. False with TypeError set, which names the event.
  bool read(PyObject* headers, const char* event);
  // Adds those of a further event.
  bool read_more(PyObject* headers, const char* event);
  // The one Content-Length that there is and that is a number.
  std::optional<std::uint64_t> content_length() const { return content_length_; }

  int traverse(visitproc visit, void* arg) const {
    Py_VISIT(octets_.get());
    return 0;
  }
  void clear() { octets_ = OwnedRef(); }

  // Views into the fields' octets, while the AsgiFields lives.
  class Views {
   public:
    explicit Views(const AsgiFields& fields);
    Views(const Views&) = delete;
    Views& operator=(const Views&) = delete;

    std::span<const http::FieldView> all() const { return {views_, count_}; }

   private:
    static constexpr std::size_t inline_count = 32;

    std::array<http::FieldView, inline_count> inline_;
    std::vector<http::FieldView> more_;
    http::FieldView* views_ = inline_.data();
    std::size_t count_ = 0;
  };

 private:
  OwnedRef octets_;  // a tuple: name, value, name, value...; or null
  std::optional<std::uint64_t> content_length_;
};

}  // namespace pelton::py
