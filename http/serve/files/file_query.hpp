// What a request asks of the disk, and what the answer says beside the file: everything that an
// answer needs which may be given long after the handler's call.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http/files/accepted_codings.hpp"
#include "http/serve/files/file_root.hpp"
#include "http/serve/files/opened_file.hpp"

namespace pelton::http {

// What was found, for one descriptor.
struct FoundFile {
  OpenFault fault = OpenFault::absent;
  OpenedFile file;
  std::string_view content_type;       // static, or of the terms; empty: none is said
  const FileCoding* coding = nullptr;  // precompressed
};

// Of a mount, or of one answer of a handler.
struct FileManner {
  std::uint16_t status = 200;  // any other: conditions and ranges are of no account
  std::string cache_control;   // empty: none
  bool entity_tag = true;
  std::string own_tag;  // without that, one among the fields
  bool last_modified = true;
  bool varies = false;  // by Accept-Encoding (STA-015)
  bool no_sniff = false;
  bool redirects_directories = false;  // to their path with a '/' behind it (STA-008)
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> fields;
};

struct FileQuery {
  // Run again with more patience, on another thread, if it would block.
  std::move_only_function<FoundFile(Patience)> find;
  std::shared_ptr<const FileManner> manner;
  // Let go on the loop's thread when the answer is through, or will never be.
  std::shared_ptr<void> kept = nullptr;
};

}  // namespace pelton::http
