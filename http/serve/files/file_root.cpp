#include "http/serve/files/file_root.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>
#include <utility>

namespace pelton::http {
namespace {

// For the whole process: the kernel or a filter always gives the same result.
std::atomic<bool> must_walk = false;

constexpr int look_flags = O_PATH | O_CLOEXEC;
// O_NONBLOCK and O_NOCTTY in case something has replaced the file since it was examined (STA-005).
constexpr int read_flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

// Closes at the end of its scope.
class Held {
 public:
  explicit Held(int descriptor) : descriptor_(descriptor) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { replace(-1); }

  void replace(int descriptor) {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = descriptor;
  }
  int release() { return std::exchange(descriptor_, -1); }
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

OpenFault fault_of(int error) {
  switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return OpenFault::exhausted;
    default:
      return OpenFault::absent;
  }
}

OpenFault fault_of(const struct stat& seen) {
  if (S_ISREG(seen.st_mode)) return OpenFault::none;
  return S_ISDIR(seen.st_mode) ? OpenFault::directory : OpenFault::absent;
}

// Calls openat2(2), again where an error only means that a rename interfered. -1 with errno.
int open_beneath(int directory, const char* path, int flags, std::uint64_t resolve) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags);
  how.resolve = resolve;
  constexpr int tries_max = 8;
  const bool cached_only = (resolve & RESOLVE_CACHED) != 0;
  for (int tries = 0;; ++tries) {
    const long opened = ::syscall(SYS_openat2, directory, path, &how, sizeof how);
    if (opened >= 0) return static_cast<int>(opened);
    if (errno == EINTR) continue;
    if (errno != EAGAIN || cached_only || tries == tries_max) return -1;
  }
}

// Takes the second descriptor, if it is of the file that was examined.
OpenFault take(int descriptor, const struct stat& looked_at, OpenedFile& file) {
  Held opened(descriptor);
  struct stat seen{};
  if (::fstat(descriptor, &seen) != 0) return fault_of(errno);
  const bool is_same = seen.st_dev == looked_at.st_dev && seen.st_ino == looked_at.st_ino;
  if (!is_same || !S_ISREG(seen.st_mode)) return OpenFault::absent;
  file = OpenedFile(opened.release(),
                    {.bytes = static_cast<std::uint64_t>(seen.st_size),
                     .modified_seconds = seen.st_mtim.tv_sec,
                     .modified_nanoseconds = static_cast<std::uint32_t>(seen.st_mtim.tv_nsec)});
  return OpenFault::none;
}

std::uint64_t resolve_flags(Links links, Patience patience) {
  std::uint64_t resolve = patience == Patience::none ? RESOLVE_CACHED : 0;
  if (links != Links::anywhere) resolve |= RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  if (links == Links::never) resolve |= RESOLVE_NO_SYMLINKS;
  return resolve;
}

bool is_unknown_to_kernel(int error) {
  return error == ENOSYS || error == EPERM;
}

}  // namespace

std::expected<FileRoot, int> FileRoot::open(const std::string& directory, Links links) {
  if (links == Links::anywhere) return FileRoot(AT_FDCWD, links);
  const int opened = ::open(directory.c_str(), look_flags | O_DIRECTORY);
  if (opened < 0) return std::unexpected(errno);
  return FileRoot(opened, links);
}

FileRoot::FileRoot(FileRoot&& other) noexcept
    : directory_(std::exchange(other.directory_, -1)), links_(other.links_) {}

FileRoot::~FileRoot() {
  if (directory_ >= 0) ::close(directory_);
}

bool FileRoot::walks() {
  return must_walk.load(std::memory_order_relaxed);
}

void FileRoot::walk_from_now_on(bool walk) {
  must_walk = walk;
}

OpenFault FileRoot::open_file(const std::string& path, Patience patience, OpenedFile& file) const {
  if (path.empty()) return OpenFault::directory;
  if (path.contains('\0')) return OpenFault::absent;
  if (!walks()) return open_by_kernel(path, patience, file);
  // Walking cannot tell whether the disk is needed.
  return patience == Patience::none ? OpenFault::would_block : open_by_walking(path, file);
}

OpenFault FileRoot::open_by_kernel(const std::string& path, Patience patience,
                                   OpenedFile& file) const {
  const std::uint64_t resolve = resolve_flags(links_, patience);
  const auto fault = [&](int error) {
    if (is_unknown_to_kernel(error)) {
      must_walk = true;
      return open_file(path, patience, file);
    }
    // EINVAL: the kernel does not know RESOLVE_CACHED yet.
    const bool untold = patience == Patience::none && (error == EAGAIN || error == EINVAL);
    return untold ? OpenFault::would_block : fault_of(error);
  };
  const Held looked_at(open_beneath(directory_, path.c_str(), look_flags, resolve));
  if (looked_at.get() < 0) return fault(errno);
  struct stat seen{};
  if (::fstat(looked_at.get(), &seen) != 0) return fault_of(errno);
  if (const OpenFault other = fault_of(seen); other != OpenFault::none) return other;
  const int opened = open_beneath(directory_, path.c_str(), read_flags, resolve);
  return opened < 0 ? fault(errno) : take(opened, seen, file);
}

OpenFault FileRoot::open_by_walking(const std::string& path, OpenedFile& file) const {
  const int no_links = links_ == Links::anywhere ? 0 : O_NOFOLLOW;
  Held parent(-1);
  std::size_t begin = 0;
  const auto at = [&] { return parent.get() < 0 ? directory_ : parent.get(); };
  for (;;) {
    const std::size_t slash = path.find('/', begin);
    if (links_ == Links::anywhere || slash == std::string::npos) break;
    const std::string name = path.substr(begin, slash - begin);
    if (name.empty() || name == "." || name == "..") return OpenFault::absent;
    const int next = ::openat(at(), name.c_str(), look_flags | O_NOFOLLOW | O_DIRECTORY);
    if (next < 0) return fault_of(errno);
    parent.replace(next);
    begin = slash + 1;
  }
  const std::string name = path.substr(begin);
  if (name.empty() || (links_ != Links::anywhere && (name == "." || name == ".."))) {
    return OpenFault::absent;
  }
  const Held looked_at(::openat(at(), name.c_str(), look_flags | no_links));
  struct stat seen{};
  if (looked_at.get() < 0 || ::fstat(looked_at.get(), &seen) != 0) return fault_of(errno);
  if (const OpenFault other = fault_of(seen); other != OpenFault::none) return other;
  const int opened = ::openat(at(), name.c_str(), read_flags | no_links);
  return opened < 0 ? fault_of(errno) : take(opened, seen, file);
}

}  // namespace pelton::http
