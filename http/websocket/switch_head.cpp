#include "http/websocket/switch_head.hpp"

#include <algorithm>

#include "core/reason.hpp"
#include "http/message/field_rules.hpp"
#include "http/websocket/handshake.hpp"

namespace pelton::http::websocket {
namespace {

constexpr std::size_t head_bytes_max = 64 * 1024;  // RSP-015
constexpr std::size_t field_count_max = 256;

bool may_be_sent(std::span<const FieldView> fields) {
  std::size_t bytes = 0;
  for (const FieldView& field : fields) bytes += field.name.size() + field.value.size() + 4;
  return fields.size() <= field_count_max && bytes <= head_bytes_max &&
         std::ranges::all_of(fields, [](const FieldView& field) {
           return is_token(field.name) && is_field_value(field.value);
         });
}

void write_line(Output& output, std::string_view name, std::string_view value) {
  output.append(name);
  output.append(": ");
  output.append(value);
  output.append("\r\n");
}

}  // namespace

bool write_switch_head(Output& output, const SwitchHead& head, Stats& stats) {
  if (!may_be_sent(head.fields)) return false;
  const auto accept = accept_value(head.key);
  output.append("HTTP/1.1 101 Switching Protocols\r\n");
  write_line(output, "Date", head.date);
  write_line(output, "Upgrade", "websocket");
  write_line(output, "Connection", "Upgrade");
  write_line(output, "Sec-WebSocket-Accept", {accept.data(), accept.size()});
  if (!head.protocol.empty()) write_line(output, "Sec-WebSocket-Protocol", head.protocol);
  if (head.deflate.agreed) {
    output.append("Sec-WebSocket-Extensions: ");
    write_deflate_answer(output, head.deflate);
    output.append("\r\n");
  }
  for (const FieldView& field : head.fields) {
    if (is_handshake_field(field.name)) {
      stats.count(Reason::dropped_response_header);
    } else {
      write_line(output, field.name, field.value);
    }
  }
  output.append("\r\n");
  return true;
}

}  // namespace pelton::http::websocket
