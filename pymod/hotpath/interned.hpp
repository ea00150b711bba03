// Strings that the request path returns or looks up, made once.
#pragma once

#include <Python.h>

#include <array>
#include <cstddef>

#include "http/message/request_head.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

struct Interned {
  static constexpr std::size_t method_count =
      std::size_t{1} + static_cast<std::size_t>(http::Method::trace);

  std::array<OwnedRef, method_count> methods;  // by http::Method; none for `other`
  OwnedRef version_1_0;
  OwnedRef version_1_1;
  OwnedRef version_2;
  OwnedRef scheme_http;
  OwnedRef scheme_https;
  OwnedRef empty_text;
  OwnedRef empty_bytes;
  // The name of a Set-Cookie field to which Secure is added if the request came by https: compared
  // by identity, not by value.
  OwnedRef cookie_by_scheme;

  // Of HTTP, as ASGI writes it.
  const OwnedRef& version_of(const http::RequestHead& head) const {
    if (head.is_h2) return version_2;
    return head.version_minor == 0 ? version_1_0 : version_1_1;
  }

  // False with a Python error set.
  bool make();
};

}  // namespace pelton::py
