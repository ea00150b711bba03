// Fields that every response has besides its handler's: the date, and fields that the server is
// configured to add. A handler's field of the same name replaces them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pelton::http {

class ResponseDefaults {
 public:
  // A date and nothing else.
  ResponseDefaults() = default;

  void leave_out_date() { date_ = false; }
  // Returns empty, or why the field cannot be a default: a clause that follows the field's name.
  std::string_view add(std::string_view name, std::string_view value);

  struct Line {
    std::string octets;  // "Name: value\r\n"
    std::size_t name_bytes;

    std::string_view name() const { return std::string_view(octets).substr(0, name_bytes); }
    std::string_view value() const {
      const std::string_view text = std::string_view(octets).substr(name_bytes + 2);
      return text.substr(0, text.size() - 2);
    }
  };

  bool date() const { return date_; }
  const std::vector<Line>& lines() const { return lines_; }
  std::size_t bytes() const { return bytes_; }
  // A date and nothing else is added.
  bool is_plain() const { return date_ && lines_.empty(); }

 private:
  bool date_ = true;
  std::vector<Line> lines_;
  std::size_t bytes_ = 0;
};

}  // namespace pelton::http
