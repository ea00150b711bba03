#include "core/reload_askers.hpp"

#include <gtest/gtest.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>

namespace pelton {
namespace {

// Listens where this process would be answered.
class Asker {
 public:
  Asker() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    const std::string address = "pelton-reload-" + std::to_string(::getpid());
    sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
    address.copy(name.sun_path + 1, sizeof name.sun_path - 1);
    const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + address.size());
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&name), bytes), 0);
  }
  ~Asker() { ::close(socket_); }
  std::string heard() const {
    std::string all;
    char octets[64];
    for (ssize_t count; (count = ::recv(socket_, octets, sizeof octets, 0)) > 0;) {
      all += std::string(octets, static_cast<std::size_t>(count)) + "|";
    }
    return all;
  }

 private:
  int socket_;
};

TEST(ReloadAskers, PRC_022_an_asker_hears_of_the_reload_that_it_asked_for) {
  const Asker asker;
  ReloadAskers askers;
  askers.add(::getpid());
  EXPECT_EQ(asker.heard(), "asked|");
  askers.end("another");  // which began before
  EXPECT_EQ(asker.heard(), "");
  askers.begin();
  askers.end("it");
  EXPECT_EQ(asker.heard(), "it|");
  askers.end("it");
  EXPECT_EQ(asker.heard(), "");
}

TEST(ReloadAskers, at_the_end_all_of_them_are_told) {
  const Asker asker;
  ReloadAskers askers;
  askers.add(::getpid());
  askers.begin();
  askers.add(::getpid());
  askers.end_all("over");
  EXPECT_EQ(asker.heard(), "asked|asked|over|over|");
}

TEST(ReloadAskers, nobody_need_listen_and_their_number_has_a_bound) {
  ReloadAskers askers;
  askers.add(::getpid());
  askers.begin();
  askers.end("it");
  for (const std::size_t count :
       {ReloadAskers::askers_max - 1, ReloadAskers::askers_max, ReloadAskers::askers_max + 1}) {
    for (std::size_t index = 0; index < count; ++index) askers.add(::getpid());
    const Asker asker;
    askers.begin();
    askers.end("x");
    EXPECT_LE(asker.heard().size(), 2 * ReloadAskers::askers_max);
  }
}

}  // namespace
}  // namespace pelton
