// A request's head in memory of its own: one block with the octets, the fields and the offsets into
// them.
#pragma once

#include "http/message/request_head.hpp"

namespace pelton::py {

struct OwnOctets {
  http::RequestHead head;
};

// Null without an error set if there is no memory.
OwnOctets* make_own_octets(const http::RequestHead& head);
void free_own_octets(OwnOctets* octets);

}  // namespace pelton::py
