// A request that does not lie whole in one receive: the octets that are needed, copied out of the
// receive buffers, and how far they have been read. A session borrows one for as long as it needs
// it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "core/memory/output.hpp"
#include "http/h1/chunked_decoder.hpp"
#include "http/h1/head_parser.hpp"
#include "http/serve/body_file.hpp"
#include "http/serve/body_spool.hpp"

namespace pelton::http {

struct IncomingMessage {
  enum class Phase : std::uint8_t {
    head,              // `octets` is the message so far, `parser` has read it
    length_body,       // `octets` is head and body so far
    chunked_body,      // `octets` is the head, `body` what the chunks held and was not spooled
    spooled_body,      // `octets` is the head, `body` what was not spooled; `left_bytes` are owed
    streamed_length,   // a body that its handler reads as it arrives; `left_bytes` are owed
    streamed_chunked,  // the same, until `decoder` sees the end
    discard_length,    // an unread body after its response; `left_bytes` are owed
    discard_chunked,   // until `decoder` sees the end; at most `left_bytes` before the response
    backlog,           // `octets` wait unread for the answer before them, or until output drains
  };

  IncomingMessage(BlockPool& blocks, const HeadLimits& head_limits, const Scanner& scanner)
      : octets(blocks),
        body(blocks),
        following(blocks),
        trailers(blocks),
        fields(head_limits.header_count_max),
        parser(head_limits, fields, scanner) {}
  IncomingMessage(const IncomingMessage&) = delete;

  // Keeps a head that was parsed elsewhere: its octets are copied here, its offsets stay valid.
  void keep_head(const RequestHead& parsed) {
    octets.append({parsed.base, parsed.head_bytes});
    if (parsed.fields.data() != fields.data()) {
      std::copy(parsed.fields.begin(), parsed.fields.end(), fields.begin());
    }
    head = parsed;
    head.fields = std::span(fields).first(parsed.fields.size());
  }

  // A body of so many octets begins; none of it has arrived.
  void owe(std::uint64_t bytes) { declared_bytes = left_bytes = bytes; }

  // The head, valid until `octets` grows again.
  const RequestHead& head_in_place() {
    head.base = octets.data();
    return head;
  }

  bool is_streamed() const {
    return phase == Phase::streamed_length || phase == Phase::streamed_chunked;
  }
  // The handler has finished before the body has arrived: the rest is discarded (CON-021).
  void discard_streamed() {
    phase = phase == Phase::streamed_length ? Phase::discard_length : Phase::discard_chunked;
  }

  // Copies the content into `body`, unless it lies in this message already.
  std::string_view keep_body(std::string_view content) {
    const bool is_here = holds(octets.view(), content) || holds(body.view(), content) ||
                         (file != nullptr && holds(file->view(), content));
    if (content.empty() || is_here) return content;
    body.append(content);
    return body.view();
  }

  // A body with a length is being received for its reader.
  bool has_length() const {
    return phase == Phase::length_body || phase == Phase::spooled_body ||
           phase == Phase::streamed_length;
  }
  // Octets of that body that have not arrived.
  std::size_t body_bytes_owed() const {
    if (phase != Phase::length_body) return left_bytes;
    return head.head_bytes + head.content_length - octets.size();
  }
  // Room for the next receive of the owed octets. It grows with what has arrived, because a client
  // may declare any length at no cost. Empty if there is no memory.
  std::span<char> room_for_body() {
    const std::size_t owed_bytes = body_bytes_owed();
    const std::size_t come_bytes =
        phase == Phase::length_body ? octets.size() : declared_bytes - left_bytes;
    const std::size_t earned = std::clamp(come_bytes, receive_bytes_min, receive_bytes_max);
    const std::size_t bytes = std::min(owed_bytes, earned);
    char* const room = coming().reserve(bytes);
    return {room, room == nullptr ? 0 : bytes};
  }
  // Octets that arrived were lost for lack of memory.
  bool has_failed() const {
    return octets.has_failed() || body.has_failed() || following.has_failed() ||
           trailers.has_failed();
  }
  // Takes the memory of room_for_body() out of a message that is over while a receive writes to it.
  Output give_up_room() {
    Output room = std::move(coming());
    return room;
  }
  // Octets of the body were received into room_for_body().
  void body_came(std::size_t bytes) {
    coming().advance(bytes);
    if (phase != Phase::length_body) left_bytes -= bytes;
  }

  // The unread octets of a backlog.
  std::string_view unread() const { return octets.view().substr(left_bytes); }
  // Appends to a backlog and counts its heads, up to `heads_max`.
  void add_unread(std::string_view more, std::uint64_t heads_max) {
    const std::size_t from = octets.size() < 3 ? 0 : octets.size() - 3;
    octets.append(more);
    count_heads(octets.view().substr(from), heads_max);
  }
  // Only the last `bytes` octets are still unread. They move to the front only when most octets
  // have been read, as moving them each time would cost more than reading them.
  void keep_unread(std::size_t bytes, std::uint64_t heads_max) {
    left_bytes = octets.size() - bytes;
    if (left_bytes > bytes) {
      std::memmove(octets.data(), octets.data() + left_bytes, bytes);
      octets.truncate(bytes);
      left_bytes = 0;
    }
    heads_waiting = 0;
    count_heads(unread(), heads_max);
  }

  void clear() {
    for (Output* const output : {&octets, &body, &following, &trailers}) {
      output->release();
      output->recover();
    }
    spool.reset();
    file.reset();
    whole = false;
    parser.reset();
    decoder.reset();
    left_bytes = 0;
    heads_waiting = 0;
    phase = Phase::head;
  }

  static constexpr std::size_t receive_bytes_min = std::size_t{8} * 1024;
  static constexpr std::size_t receive_bytes_max = std::size_t{256} * 1024;

  Phase phase = Phase::head;
  Output octets;
  Output body;
  BodySpool::Owner spool;          // null if the body stays in memory
  std::shared_ptr<BodyFile> file;  // once the whole body is spooled
  Output following;                // octets after a body that is still being written
  Output trailers;                 // lines of the request's trailer section
  std::vector<Field> fields;
  HeadParser parser;
  RequestHead head;
  ChunkedDecoder decoder;
  std::uint64_t declared_bytes = 0;
  std::uint64_t left_bytes = 0;     // of a body; of a backlog, octets already read
  std::uint64_t credit_ms = 0;      // the peer's, while the spool holds up its body (CON-010)
  std::uint32_t heads_waiting = 0;  // upper bound, in a backlog
  bool whole = false;               // a spooled body has arrived completely

 private:
  static bool holds(std::string_view all, std::string_view part) {
    return !all.empty() && part.data() >= all.data() && part.data() < all.data() + all.size();
  }
  // Every head ends in an empty line, so this never counts too few heads, whatever the bodies
  // contain.
  void count_heads(std::string_view added, std::uint64_t heads_max) {
    constexpr std::string_view empty_line = "\r\n\r\n";
    for (std::size_t at = added.find(empty_line);
         at != std::string_view::npos && heads_waiting < heads_max;
         at = added.find(empty_line, at + empty_line.size())) {
      ++heads_waiting;
    }
  }
  // Where the rest of the body goes.
  Output& coming() { return phase == Phase::length_body ? octets : body; }
};

}  // namespace pelton::http
