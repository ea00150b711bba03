#include "http/serve/files/static_mount.hpp"

#include <utility>

#include "http/files/file_types.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/files/file_answer.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {
namespace {

bool is_older(const FileFacts& left, const FileFacts& right) {
  return std::pair(left.modified_seconds, left.modified_nanoseconds) <
         std::pair(right.modified_seconds, right.modified_nanoseconds);
}

}  // namespace

std::expected<std::unique_ptr<StaticMount>, int> StaticMount::open(const StaticOptions& options) {
  auto root = FileRoot::open(options.root, options.links);
  if (!root) return std::unexpected(root.error());
  return std::make_unique<StaticMount>(std::move(*root), options);
}

StaticMount::StaticMount(FileRoot root, const StaticOptions& options)
    : root_(std::move(root)),
      options_(options),
      manner_(std::make_shared<const FileManner>(
          FileManner{.cache_control = options.cache_control,
                     .entity_tag = options.entity_tag,
                     .last_modified = options.last_modified,
                     .varies = options.precompressed,
                     .no_sniff = true,
                     .redirects_directories = !options.index_file.empty()})) {}

Handler StaticMount::handler() const {
  return {.call = &StaticMount::call, .context = const_cast<StaticMount*>(this)};
}

Outcome StaticMount::call(void* context, Exchange& exchange) {
  const auto& mount = *static_cast<const StaticMount*>(context);
  const RequestHead& head = exchange.request();
  if (head.method != Method::get && head.method != Method::head) {
    exchange.shared().stats.count(Reason::answered_method_not_allowed);
    return answer_status(exchange, 405, *mount.manner_, {"Allow", "GET, HEAD"});
  }
  std::string_view below = exchange.match().location;
  std::string path;
  // The prefix alone names the directory without its '/'.
  NamedPath named = NamedPath::file;
  if (!below.empty()) {
    below.remove_prefix(1);
    named = read_file_path(below, path);
  }
  if (named == NamedPath::nothing) {
    return answer_without_file(exchange, OpenFault::absent, *mount.manner_);
  }
  const AcceptedCodings accepted(head);
  return answer_with_file(
      exchange,
      {.find = [&mount, named, accepted, path = std::move(path)](
                   Patience patience) { return mount.find(path, named, accepted, patience); },
       .manner = mount.manner_});
}

FoundFile StaticMount::find_plain(const std::string& path, NamedPath named, Patience patience,
                                  std::string& served) const {
  FoundFile found;
  served = path;
  if (named == NamedPath::directory) {
    if (options_.index_file.empty()) return found;
    if (!served.empty()) served += '/';
    served += options_.index_file;
  }
  found.fault = root_.open_file(served, patience, found.file);
  // Only a path without a final '/' is redirected to one with it.
  if (named == NamedPath::directory && found.fault == OpenFault::directory) {
    found.fault = OpenFault::absent;
  }
  if (found.fault == OpenFault::directory && !options_.index_file.empty()) {
    // A directory without an index is no target of a redirect.
    OpenedFile index;
    const std::string behind =
        path.empty() ? options_.index_file : path + '/' + options_.index_file;
    const OpenFault fault = root_.open_file(behind, patience, index);
    if (fault != OpenFault::none) found.fault = fault;
  }
  if (found.fault == OpenFault::absent && options_.spa && !has_extension(path)) {
    served = options_.index_file;
    found.fault = root_.open_file(served, patience, found.file);
  }
  return found;
}

FoundFile StaticMount::find(const std::string& path, NamedPath named,
                            const AcceptedCodings& accepted, Patience patience) const {
  std::string served;
  FoundFile found = find_plain(path, named, patience, served);
  if (found.fault != OpenFault::none) return found;
  found.content_type = type_of_name(served);
  if (!options_.precompressed) return found;
  for (const FileCoding* const coding : accepted.best_first()) {
    OpenedFile sibling;
    const OpenFault fault =
        root_.open_file(served + std::string(coding->extension), patience, sibling);
    if (fault == OpenFault::would_block) return {.fault = fault};
    if (fault != OpenFault::none || is_older(sibling.facts(), found.file.facts())) continue;
    found.file = std::move(sibling);
    found.coding = coding;
    break;
  }
  return found;
}

}  // namespace pelton::http
