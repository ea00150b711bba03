#include "http/message/field_search.hpp"

#include "http/message/field_rules.hpp"

namespace pelton::http {

const Field* find_field(const RequestHead& head, std::string_view name) {
  for (const Field& field : head.fields) {
    // Most names already differ in length.
    if (field.name.bytes == name.size() && is_same_name(head.text(field.name), name)) return &field;
  }
  return nullptr;
}

}  // namespace pelton::http
