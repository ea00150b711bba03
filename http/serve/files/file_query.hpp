// How to find a request's file, and what its answer contains besides the file: everything that the
// answer needs, which may come long after the handler's call.
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

// A file that was found and opened, or why not.
struct FoundFile {
  OpenFault fault = OpenFault::absent;
  OpenedFile file;
  std::string_view content_type;       // static, or in the FileManner; empty: none is sent
  const FileCoding* coding = nullptr;  // set if precompressed
};

// How a mount, or one answer of a handler, sends files.
struct FileManner {
  std::uint16_t status = 200;  // with any other, conditions and ranges are ignored
  std::string cache_control;   // empty: none
  bool entity_tag = true;
  std::string own_tag;  // without `entity_tag`: a tag that is among the fields
  bool last_modified = true;
  bool varies = false;  // by Accept-Encoding (STA-015)
  bool no_sniff = false;
  bool redirects_directories = false;  // to their path with a '/' added (STA-008)
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> fields;
};

struct FileQuery {
  // Called again with Patience::unlimited, on another thread, if it would block.
  std::move_only_function<FoundFile(Patience)> find;
  std::shared_ptr<const FileManner> manner;
  // Released on the loop's thread when the answer is complete or has failed.
  std::shared_ptr<void> kept = nullptr;
};

}  // namespace pelton::http
