#include "http/message/response_fields.hpp"

#include "http/message/field_rules.hpp"
#include "http/message/folded_text.hpp"

namespace pelton::http {

HeadFault judge_response_fields(std::span<const FieldView> fields, std::size_t& bytes,
                                SaidFields& said, Stats& stats) {
  if (fields.size() > response_fields_max) return HeadFault::header;
  std::size_t dropped_count = 0;
  for (const FieldView& field : fields) {
    if (!is_token(field.name) || !is_field_value(field.value)) return HeadFault::header;
    bytes += field.name.size() + field.value.size() + 4;
    if (is_hop_by_hop(field.name, field.value)) {
      ++dropped_count;
    } else if (folds_to<"connection">(field.name)) {
      said.close = true;
    } else if (folds_to<"date">(field.name)) {
      said.date = true;
    } else if (folds_to<"content-length">(field.name)) {
      std::uint64_t length = 0;
      if (said.length || !read_content_length(field.value, length)) return HeadFault::header;
      said.length = true;
      said.declared_length = length;
    }
  }
  if (bytes > response_head_bytes_max) return HeadFault::header;
  if (dropped_count != 0) stats.count(Reason::dropped_response_header, dropped_count);
  return HeadFault::none;
}

bool is_set_by_server(const FieldView& field) {
  return folds_to<"connection">(field.name) || folds_to<"content-length">(field.name) ||
         is_hop_by_hop(field.name, field.value);
}

}  // namespace pelton::http
