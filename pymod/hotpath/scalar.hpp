// The text of a parameter as a Python scalar, by the table of scalars of the Python surface.
#pragma once

#include <Python.h>

#include <cstdint>
#include <string_view>

#include "pymod/hotpath/fresh_values.hpp"
#include "pymod/hotpath/text.hpp"

namespace pelton::py {

enum class Convert : std::uint8_t {
  as_matched,  // path values only: the converter's own type
  text,
  octets,
  integer,
  real,
  boolean,
  callable,  // called with the str
};

// A new reference. Null without an error set: the text does not fit; null with one: the callable
// raised it.
PyObject* scalar(Integers& integers, Convert convert, std::string_view octets, Charset charset,
                 PyObject* callable);

}  // namespace pelton::py
