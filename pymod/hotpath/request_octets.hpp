// A request's head that stands on its own: one block of memory with the octets, the fields and the
// offsets into them.
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
