// The shortest way of received octets into an asyncio.StreamReader: what its protocol's
// data_received() and its own feed_data() do, without a call of Python and without a bytes object
// between. Wherever either is not the standard library's, the transport calls data_received().
#pragma once

#include <span>

namespace pelton::py {

struct StreamTransport;

enum class Fed {
  done,
  cannot,  // nothing has happened: the protocol must be called
  failed,  // an error is set, as the protocol's method would have left it
};

// Looks whether a transport's new protocol can be fed so.
void prepare_feed(StreamTransport& transport);
// Of a transport that was found to be one that can; it is unmade where that has changed.
Fed feed_stream(StreamTransport& transport, std::span<const char> octets);

}  // namespace pelton::py
