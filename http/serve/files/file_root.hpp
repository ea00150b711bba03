// A directory that files are served from; no path leads out of it.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "http/serve/files/opened_file.hpp"

namespace pelton::http {

enum class Links : std::uint8_t {
  beneath,  // only links to places below the root (STA-003)
  never,
  anywhere,  // the path comes from the application; there is no root
};

enum class OpenFault : std::uint8_t {
  none,
  absent,  // or no regular file, or not readable: the client does not learn which
  directory,
  would_block,  // finding out needs the disk
  exhausted,    // no descriptor or memory is left
};

// Whether opening may wait for the disk.
enum class Patience : std::uint8_t { none, unlimited };

class FileRoot {
 public:
  // An errno if there is no such directory. Links::anywhere ignores the directory.
  static std::expected<FileRoot, int> open(const std::string& directory, Links links);

  FileRoot(FileRoot&& other) noexcept;
  FileRoot& operator=(FileRoot&&) = delete;
  ~FileRoot();

  // `path` is relative to the root. The file is examined before it is opened, so that only a
  // regular file ever is (STA-005).
  OpenFault open_file(const std::string& path, Patience patience, OpenedFile& file) const;

  // Whether openat2(2) is refused: then paths are walked component by component, and no link works
  // (STA-004). Known after the first try.
  static bool walks();
  // For tests on a kernel that has openat2(2).
  static void walk_from_now_on(bool walk);

 private:
  FileRoot(int directory, Links links) : directory_(directory), links_(links) {}

  OpenFault open_by_kernel(const std::string& path, Patience patience, OpenedFile& file) const;
  OpenFault open_by_walking(const std::string& path, OpenedFile& file) const;

  int directory_;
  Links links_;
};

}  // namespace pelton::http
