#include "http/serve/endpoints.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace pelton::http {
namespace {

TEST(Endpoints, a_unix_socket_has_no_addresses) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const Endpoints found = kernel_endpoints(ends[0]);
  EXPECT_EQ(found.client_host, "");
  EXPECT_EQ(found.server_port, 0);
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace pelton::http
