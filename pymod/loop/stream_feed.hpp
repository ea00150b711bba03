// Puts received octets into an asyncio.StreamReader as data_received() of its protocol and its own
// feed_data() do, but without a call of Python and without a bytes object. If either method is not
// the standard library's, the transport calls data_received().
#pragma once

#include <span>

namespace pelton::py {

struct StreamTransport;

enum class Fed {
  done,
  cannot,  // nothing has happened: the protocol must be called
  failed,  // an error is set, as the protocol's method would have left it
};

// Checks whether feed_stream() may serve a transport's new protocol.
void prepare_feed(StreamTransport& transport);
// For a transport that passed prepare_feed(); if a class has changed since, the check is repeated.
Fed feed_stream(StreamTransport& transport, std::span<const char> octets);

}  // namespace pelton::py
