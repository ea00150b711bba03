#include "core/log/lane.hpp"

#include <algorithm>
#include <cerrno>

namespace pelton {
namespace {

using Pieces = std::array<std::string_view, 2>;

std::size_t bytes_in(const Pieces& pieces) {
  return pieces[0].size() + pieces[1].size();
}

char octet_at(const Pieces& pieces, std::size_t index) {
  return index < pieces[0].size() ? pieces[0][index] : pieces[1][index - pieces[0].size()];
}

Pieces first_of(const Pieces& pieces, std::size_t bytes) {
  const std::size_t in_first = std::min(bytes, pieces[0].size());
  return {pieces[0].substr(0, in_first), pieces[1].substr(0, bytes - in_first)};
}

// The end of the record that contains the octet at `from`: after its last line feed.
std::size_t record_end(const Pieces& pieces, std::size_t from) {
  const std::size_t bytes = bytes_in(pieces);
  for (std::size_t at = from; at < bytes; ++at) {
    if (octet_at(pieces, at) == '\n' && (at + 1 == bytes || octet_at(pieces, at + 1) != ' ')) {
      return at + 1;
    }
  }
  return bytes;
}

}  // namespace

std::uint64_t records_in(Pieces pieces) {
  std::uint64_t records = 0;
  for (std::size_t at = 0; at < bytes_in(pieces); at = record_end(pieces, at)) ++records;
  return records;
}

Pieces whole_records(Pieces pieces, std::size_t bytes_max) {
  if (bytes_in(pieces) <= bytes_max) return pieces;
  std::size_t end = record_end(pieces, 0);
  for (std::size_t next = end; next <= bytes_max; next = record_end(pieces, end)) end = next;
  return first_of(pieces, end);
}

std::ptrdiff_t LogLane::write(Pieces pieces) {
  const std::string_view mended[] = {line_was_cut_ ? "\n" : "", pieces[0], pieces[1]};
  std::ptrdiff_t written = destination.write(mended);
  blocked_ = written == -EAGAIN || written == -EWOULDBLOCK;
  if (written <= 0) {
    if (!blocked_) failure_ = static_cast<int>(-written);
    return written;
  }
  failure_ = 0;
  if (line_was_cut_) {
    line_was_cut_ = false;
    --written;
  }
  if (written > 0) {
    inside_record_ = octet_at(pieces, static_cast<std::size_t>(written) - 1) != '\n';
  }
  return written;
}

std::uint64_t LogLane::write_out() {
  blocked_ = false;
  for (;;) {
    const Pieces queued = ring.pending();
    if (bytes_in(queued) == 0) return 0;
    const std::ptrdiff_t written = write(whole_records(queued, destination.unmixed_bytes_max()));
    if (blocked_) return 0;
    if (written < 0) return drop_queued();
    ring.consume(static_cast<std::size_t>(written));
  }
}

std::uint64_t LogLane::drop_queued() {
  const Pieces queued = ring.pending();
  if (bytes_in(queued) == 0) return 0;
  const std::uint64_t records = records_in(queued);
  line_was_cut_ |= inside_record_;
  inside_record_ = false;
  ring.consume(bytes_in(queued));
  return records;
}

bool LogLane::write_own(std::string_view record) {
  if (inside_record_ || blocked_) return false;
  return write({record, {}}) == static_cast<std::ptrdiff_t>(record.size());
}

}  // namespace pelton
