// A directory that files are served from, and no way out of it.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "http/serve/files/opened_file.hpp"

namespace pelton::http {

enum class Links : std::uint8_t {
  beneath,  // those that lead to somewhere below the root (STA-003)
  never,
  anywhere,  // the path is the application's own: there is no root
};

enum class OpenFault : std::uint8_t {
  none,
  absent,  // or no regular file, or not ours to read: nobody learns which
  directory,
  would_block,  // only the disk can tell
  exhausted,    // no descriptor or memory is left
};

// Whether opening may wait for the disk.
enum class Patience : std::uint8_t { none, unlimited };

class FileRoot {
 public:
  // An errno if there is no such directory. With Links::anywhere the directory is of no account.
  static std::expected<FileRoot, int> open(const std::string& directory, Links links);

  FileRoot(FileRoot&& other) noexcept;
  FileRoot& operator=(FileRoot&&) = delete;
  ~FileRoot();

  // `path` is relative to the root. The file is looked at before it is opened, so that nothing but
  // a regular file ever is (STA-005).
  OpenFault open_file(const std::string& path, Patience patience, OpenedFile& file) const;

  // Where openat2(2) is refused paths are walked component by component, and no link works
  // (STA-004). Known once it was tried.
  static bool walks();
  // For tests, which have a kernel that knows it.
  static void walk_from_now_on(bool walk);

 private:
  FileRoot(int directory, Links links) : directory_(directory), links_(links) {}

  OpenFault open_by_kernel(const std::string& path, Patience patience, OpenedFile& file) const;
  OpenFault open_by_walking(const std::string& path, OpenedFile& file) const;

  int directory_;
  Links links_;
};

}  // namespace pelton::http
