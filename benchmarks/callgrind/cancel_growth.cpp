// What cancel_growth.py counts: an epoll engine whose table has room for so many descriptors, and
// cancels of operations that have ended, as a reset leaves them.
//
//   cancel_growth DESCRIPTORS CANCELS
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string_view>

#include "core/check.hpp"
#include "uring/epoll/epoll_engine.hpp"

namespace {

using namespace pelton::uring;

// Named on valgrind's command line: only what happens in here is counted.
[[gnu::noinline]] void cancel_ended(EpollEngine& engine, int cancel_count) {
  std::array<Completion, 16> out;
  for (int count = 0; count < cancel_count; ++count) {
    const auto slot = static_cast<std::uint32_t>(count);
    engine.cancel(Token(Operation::cancel, 1, slot), Token(Operation::send, 1, slot));
    CHECK(engine.turn(out, 0, {}) == 1 && out[0].result == -ENOENT);
  }
}

void run(int descriptor_count, int cancel_count) {
  const auto engine = *EpollEngine::open({});
  const int event = ::eventfd(0, EFD_CLOEXEC);
  const int last = ::fcntl(event, F_DUPFD_CLOEXEC, descriptor_count - 1);
  CHECK(last >= 0);
  engine->poll(Token(Operation::poll, 1, 0), last, POLLIN);
  std::array<Completion, 16> out;
  CHECK(engine->turn(out, 0, {}) == 0);
  cancel_ended(*engine, cancel_count);
  engine->close(Token(Operation::close, 1, 0), last);
  CHECK(engine->turn(out, 0, {}) == 2);
  ::close(event);
}

}  // namespace

int main(int argument_count, char** arguments) {
  CHECK(argument_count == 3);
  const auto number = [&](int index) {
    const std::string_view text = arguments[index];
    int value = 0;
    CHECK(std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc{});
    return value;
  };
  run(number(1), number(2));
  return 0;
}
