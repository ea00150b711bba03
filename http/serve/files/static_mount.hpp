// A mount that serves the files of a directory, without an interpreter (protocol section 7).
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "http/files/file_path.hpp"
#include "http/handler.hpp"
#include "http/serve/files/file_query.hpp"
#include "http/serve/files/file_root.hpp"

namespace pelton::http {

struct StaticOptions {
  std::string root;
  std::string index_file;     // empty: a directory is not found
  std::string cache_control;  // empty: not sent
  bool spa = false;           // an unknown path without an extension gives the index
  bool entity_tag = true;
  bool last_modified = true;
  bool precompressed = true;
  Links links = Links::beneath;
};

class StaticMount {
 public:
  // An errno if the root is no directory.
  static std::expected<std::unique_ptr<StaticMount>, int> open(const StaticOptions& options);

  StaticMount(FileRoot root, const StaticOptions& options);
  StaticMount(const StaticMount&) = delete;
  StaticMount& operator=(const StaticMount&) = delete;

  // For a mount's settings, which this outlives. Match::location is the path below the prefix.
  Handler handler() const;

 private:
  static Outcome call(void* context, Exchange& exchange);
  FoundFile find(const std::string& path, NamedPath named, const AcceptedCodings& accepted,
                 Patience patience) const;
  FoundFile find_plain(const std::string& path, NamedPath named, Patience patience,
                       std::string& served) const;

  const FileRoot root_;
  const StaticOptions options_;
  std::shared_ptr<const FileManner> manner_;
};

}  // namespace pelton::http
