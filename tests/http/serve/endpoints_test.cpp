#include "http/serve/endpoints.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>

namespace pelton::http {
namespace {

TEST(Endpoints, a_unix_socket_has_no_addresses) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const Endpoints found = kernel_endpoints(ends[0]);
  EXPECT_EQ(found.client_host, "");
  EXPECT_EQ(found.server_port, 0);
  EXPECT_EQ(found.server_path, "");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Endpoints, a_unix_socket_with_a_name_has_that) {
  for (const std::string& name :
       {std::string("/tmp/pelton-endpoints-test"), std::string(107, 'x')}) {
    const std::string path = name.starts_with('/') ? name : "/tmp/" + name.substr(5);
    ::unlink(path.c_str());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const Endpoints found = kernel_endpoints(socket);
    EXPECT_EQ(found.server_path, path);
    EXPECT_EQ(found.server_host, "");
    ::close(socket);
    ::unlink(path.c_str());
  }
}

}  // namespace
}  // namespace pelton::http
