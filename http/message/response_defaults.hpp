// What every response says beside what its handler says: the date, and fields the server was told
// to add. A field of the same name that the handler sends takes their place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pelton::http {

class ResponseDefaults {
 public:
  // The defaults of the defaults: a date and nothing else.
  ResponseDefaults() = default;

  void leave_out_date() { date_ = false; }
  // Empty, or why this cannot be a default: a clause that follows the field's name.
  std::string_view add(std::string_view name, std::string_view value);

  struct Line {
    std::string octets;  // "Name: value\r\n"
    std::size_t name_bytes;

    std::string_view name() const { return std::string_view(octets).substr(0, name_bytes); }
  };

  bool date() const { return date_; }
  const std::vector<Line>& lines() const { return lines_; }
  std::size_t bytes() const { return bytes_; }
  // Nothing differs from a response without them.
  bool is_plain() const { return date_ && lines_.empty(); }

 private:
  bool date_ = true;
  std::vector<Line> lines_;
  std::size_t bytes_ = 0;
};

}  // namespace pelton::http
