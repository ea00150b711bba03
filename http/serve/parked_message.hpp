// A request that did not fit into one receive: the octets it needs, copied out of the lease, and
// how far it has been read. Lent by the server while a message straddles receives, then reused.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/memory/output.hpp"
#include "http/h1/chunked_decoder.hpp"
#include "http/h1/head_parser.hpp"

namespace noria::http {

struct ParkedMessage {
  enum class Phase : std::uint8_t {
    head,             // `octets` is the message so far, `parser` has read it
    length_body,      // `octets` is head and body so far
    chunked_body,     // `octets` is the head, `body` what the chunks held so far
    discard_length,   // an unread body after the response; `discard_left` octets are owed
    discard_chunked,  // the same, until `decoder` sees the end
    backlog,          // `octets` wait unread until the peer takes what is queued for it
  };

  ParkedMessage(BlockPool& blocks, const HeadLimits& head_limits, const Scanner& scanner)
      : octets(blocks),
        body(blocks),
        fields(head_limits.header_count_max),
        parser(head_limits, fields, scanner) {}
  ParkedMessage(const ParkedMessage&) = delete;

  // Keeps a head that was parsed elsewhere: its octets move here, its offsets stay right.
  void keep_head(const RequestHead& parsed) {
    octets.append({parsed.base, parsed.head_bytes});
    if (parsed.fields.data() != fields.data()) {
      std::copy(parsed.fields.begin(), parsed.fields.end(), fields.begin());
    }
    head = parsed;
    head.fields = std::span(fields).first(parsed.fields.size());
  }

  // The head, valid until `octets` grows again.
  const RequestHead& head_in_place() {
    head.base = octets.data();
    return head;
  }

  void clear() {
    octets.release();
    body.release();
    parser.reset();
    decoder.reset();
    discard_left = 0;
    phase = Phase::head;
  }

  Phase phase = Phase::head;
  Output octets;
  Output body;
  std::vector<Field> fields;
  HeadParser parser;
  RequestHead head;
  ChunkedDecoder decoder;
  std::uint64_t discard_left = 0;
};

}  // namespace noria::http
