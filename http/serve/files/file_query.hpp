// How to find a request's file, and what its answer contains besides the file: everything that the
// answer needs, which may come long after the handler's call.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/files/accepted_codings.hpp"
#include "http/serve/files/file_root.hpp"
#include "http/serve/files/opened_file.hpp"

namespace pelton::http {

class Exchange;

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
  // The application has made the whole head: only its fields are sent, and a length.
  bool as_given = false;
  std::string phrase;                           // as given: the status's, or empty
  std::uint64_t from = 0;                       // as given: the first octet to send
  std::optional<std::uint64_t> declared_bytes;  // as given: the length of the body (RSP-012)
};

// What the application learns of a file that it has sent. Released on the loop's thread when the
// answer is complete or has failed.
class FileReceipt {
 public:
  FileReceipt() = default;
  FileReceipt(const FileReceipt&) = delete;
  FileReceipt& operator=(const FileReceipt&) = delete;
  virtual ~FileReceipt() = default;

  // There is no such file. True: the exchange was taken over; false: it gets the server's answer.
  virtual bool take_back(Exchange& /*exchange*/, OpenFault /*fault*/) { return false; }
  // The connection has taken the whole answer.
  virtual void complete() {}
};

struct FileQuery {
  // Called again with Patience::unlimited, on another thread, if it would block.
  std::move_only_function<FoundFile(Patience)> find;
  std::shared_ptr<const FileManner> manner;
  std::shared_ptr<FileReceipt> receipt = nullptr;
};

}  // namespace pelton::http
