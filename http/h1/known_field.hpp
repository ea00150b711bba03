// Recognises the field names that the protocol itself uses, by length and then by words.
#pragma once

#include <cstddef>

#include "http/message/field.hpp"
#include "http/message/folded_text.hpp"

namespace pelton::http {

// `name` is a token of `bytes` octets.
inline FieldName known_field(const char* name, std::size_t bytes) {
  switch (bytes) {
    case 4:
      return folds_to<"host">(name) ? FieldName::host : FieldName::other;
    case 6:
      if (folds_to<"cookie">(name)) return FieldName::cookie;
      return folds_to<"expect">(name) ? FieldName::expect : FieldName::other;
    case 7:
      return folds_to<"upgrade">(name) ? FieldName::upgrade : FieldName::other;
    case 10:
      return folds_to<"connection">(name) ? FieldName::connection : FieldName::other;
    case 12:
      return folds_to<"content-type">(name) ? FieldName::content_type : FieldName::other;
    case 13:
      return folds_to<"authorization">(name) ? FieldName::authorization : FieldName::other;
    case 14:
      return folds_to<"content-length">(name) ? FieldName::content_length : FieldName::other;
    case 17:
      return folds_to<"transfer-encoding">(name) ? FieldName::transfer_encoding : FieldName::other;
    default:
      return FieldName::other;
  }
}

}  // namespace pelton::http
