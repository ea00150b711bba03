// The header fields of a response as Python keeps them, a list of pairs of bytes, for one call; and
// the error for a head that must not be sent.
#pragma once

#include <Python.h>

#include <array>
#include <cstddef>
#include <forward_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/h1/response_writer.hpp"
#include "http/message/field.hpp"
#include "http/serve/exchange.hpp"
#include "pymod/hotpath/interned.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

class FieldList {
 public:
  // For a response to this exchange.
  FieldList(const Interned& names, const http::Exchange& exchange)
      : exchange_(exchange), cookie_by_scheme_(names.cookie_by_scheme.get()) {}
  FieldList(const FieldList&) = delete;
  FieldList& operator=(const FieldList&) = delete;

  // Takes views of the list's bytes; false with TypeError set.
  bool read(PyObject* list);
  std::span<const http::FieldView> views() const { return {views_, count_}; }

 private:
  static constexpr std::size_t inline_count = 16;

  const http::Exchange& exchange_;
  PyObject* const cookie_by_scheme_;  // the name of a cookie that becomes Secure by https
  std::forward_list<std::string> secured_;
  std::array<http::FieldView, inline_count> inline_;
  std::vector<http::FieldView> more_;
  http::FieldView* views_ = inline_.data();
  std::size_t count_ = 0;
};

// The phrase that goes with a status: bytes, which a hosted application's status has as its
// attribute `phrase`; null for any other.
OwnedRef phrase_of(PyObject* status);
// Its octets, or none.
std::string_view phrase_view(const OwnedRef& phrase);

// True for no fault; else false with ValueError set.
bool raise_fault(http::HeadFault fault, unsigned status);

}  // namespace pelton::py
