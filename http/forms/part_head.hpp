// The header of one part of a multipart form (RFC 7578 section 4): its lines and their meaning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/reason.hpp"

namespace pelton::http {

class PartHead {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;  // without blanks around it
  };

  void clear();
  // Takes a line without its CRLF, checked like a request's (FRM-004).
  Reason take_line(std::string_view line);
  // After the last line: finds out what the part is (FRM-005, FRM-006, FRM-007).
  Reason finish();

  // Valid until clear().
  std::size_t field_count() const { return places_.size(); }
  Field field(std::size_t index) const;
  // Octets stored of the lines.
  std::size_t bytes() const { return octets_.size(); }

  const std::string& name() const { return name_; }
  // A part with a file name, or with parts of its own.
  bool is_file() const { return has_filename_ || holds_parts_; }
  bool has_filename() const { return has_filename_; }
  const std::string& filename() const { return filename_; }  // as sent, escapes undone

 private:
  struct Place {
    std::size_t name_begin, name_bytes, value_begin, value_bytes;
  };

  Reason read_disposition(std::string_view value);

  std::string octets_;
  std::vector<Place> places_;
  std::string name_;
  std::string filename_;
  bool has_filename_ = false;
  bool holds_parts_ = false;
};

}  // namespace pelton::http
