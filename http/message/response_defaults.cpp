#include "http/message/response_defaults.hpp"

#include "http/message/field_rules.hpp"
#include "http/message/folded_text.hpp"

namespace pelton::http {
namespace {

constexpr std::size_t bytes_max = 8192;

}  // namespace

std::string_view ResponseDefaults::add(std::string_view name, std::string_view value) {
  if (!is_token(name)) return "is no field name";
  if (!is_field_value(value)) return "has a value with a control octet in it";
  if (is_hop_by_hop(name, value) || folds_to<"connection">(name) ||
      folds_to<"content-length">(name)) {
    return "is the connection's, not the configuration's";
  }
  if (folds_to<"content-type">(name) || folds_to<"date">(name)) return "is each response's own";
  Line line{.octets = {}, .name_bytes = name.size()};
  line.octets.append(name).append(": ").append(value).append("\r\n");
  if (bytes_ + line.octets.size() > bytes_max) return "makes more than 8 KiB of them";
  bytes_ += line.octets.size();
  lines_.push_back(std::move(line));
  return {};
}

}  // namespace pelton::http
