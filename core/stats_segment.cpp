#include "core/stats_segment.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "core/check.hpp"

namespace pelton {
namespace {

constexpr std::uint64_t magic = 0x7473'6E6F'746C'6570;  // "peltonst" in memory
constexpr std::uint32_t layout = 6;
constexpr std::size_t line_bytes = 64;
constexpr std::size_t banks_at = line_bytes + 4 * line_bytes;
static_assert(sizeof(TicketKeys) <= banks_at - line_bytes);
constexpr std::uint32_t bank_count_max = 1 << 16;

struct Header {
  std::uint64_t magic;
  std::uint32_t layout;
  std::uint32_t reasons;
  std::uint32_t banks;
};

// Another process may run another build: a cell must have the same layout in all of them.
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(sizeof(StatsCells) == reason_count * sizeof(std::uint64_t));

char* map(int descriptor, std::size_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<char*>(memory);
}

}  // namespace

struct StatsSegment::Bank {
  alignas(line_bytes) StatsCells cells{};
  alignas(line_bytes) CoreState state{};
};

std::size_t StatsSegment::bytes_for(std::uint32_t bank_count) {
  return banks_at + bank_count * sizeof(Bank);
}

std::expected<StatsSegment, int> StatsSegment::create(std::uint32_t bank_count) {
  CHECK(bank_count > 0 && bank_count <= bank_count_max);
  const int descriptor = ::memfd_create("pelton-stats", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (descriptor < 0) return std::unexpected(errno);
  const std::size_t bytes = bytes_for(bank_count);
  char* memory = nullptr;
  // The size is sealed: no process can shrink the object under another one that maps it.
  if (::ftruncate(descriptor, static_cast<off_t>(bytes)) != 0 ||
      ::fcntl(descriptor, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0 ||
      (memory = map(descriptor, bytes)) == nullptr) {
    const int error = errno;
    ::close(descriptor);
    return std::unexpected(error);
  }
  const Header header{magic, layout, reason_count, bank_count};
  std::memcpy(memory, &header, sizeof header);
  ::new (memory + line_bytes) TicketKeys;
  for (std::uint32_t index = 0; index < bank_count; ++index) {
    ::new (memory + banks_at + index * sizeof(Bank)) Bank{};
  }
  return StatsSegment(descriptor, memory, bytes, bank_count);
}

std::expected<StatsSegment, std::string> StatsSegment::attach(int descriptor) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return std::unexpected(std::strerror(errno));
  const auto bytes = static_cast<std::size_t>(status.st_size);
  if (bytes < banks_at) return std::unexpected("it is no segment of counters");
  char* memory = map(descriptor, bytes);
  if (memory == nullptr) return std::unexpected(std::strerror(errno));
  Header header;
  std::memcpy(&header, memory, sizeof header);
  const bool ours = header.magic == magic && header.layout == layout &&
                    header.reasons == reason_count && header.banks > 0 &&
                    header.banks <= bank_count_max && bytes == bytes_for(header.banks);
  if (!ours) {
    ::munmap(memory, bytes);
    return std::unexpected("it is no segment of counters, or one of another build");
  }
  return StatsSegment(descriptor, memory, bytes, header.banks);
}

StatsSegment::StatsSegment(StatsSegment&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      memory_(std::exchange(other.memory_, nullptr)),
      bytes_(other.bytes_),
      bank_count_(other.bank_count_) {}

StatsSegment::~StatsSegment() {
  if (memory_ == nullptr) return;
  ::munmap(memory_, bytes_);
  ::close(descriptor_);
}

const StatsSegment::Bank& StatsSegment::bank_at(std::uint32_t index) const {
  CHECK(index < bank_count_);
  const char* at = memory_ + banks_at + index * sizeof(Bank);
  return *std::launder(reinterpret_cast<const Bank*>(at));
}

TicketKeys& StatsSegment::ticket_keys() {
  return *std::launder(reinterpret_cast<TicketKeys*>(memory_ + line_bytes));
}

StatsCells& StatsSegment::bank(std::uint32_t index) {
  return const_cast<StatsCells&>(bank_at(index).cells);
}

const CoreState& StatsSegment::state(std::uint32_t index) const {
  return bank_at(index).state;
}

CoreState& StatsSegment::state(std::uint32_t index) {
  return const_cast<CoreState&>(bank_at(index).state);
}

std::uint64_t StatsSegment::total(Reason reason) const {
  std::uint64_t sum = 0;
  for (std::uint32_t index = 0; index < bank_count_; ++index) {
    sum += bank_at(index).cells[static_cast<std::size_t>(reason)].load(std::memory_order_relaxed);
  }
  return sum;
}

}  // namespace pelton
