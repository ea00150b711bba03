// The contract of uring/engine.hpp, operation by operation, the same tests on every engine.
#include "uring/engine.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine_contract.hpp"

namespace pelton::uring {
namespace {

TEST_P(EngineContract, one_accept_gives_every_connection) {
  const Descriptor listener = world_->listen();
  engine().accept(token(Operation::accept), listener);
  std::set<Descriptor> sockets;
  for (int round = 0; round < 3; ++round) {
    for (int count = 0; count < 4; ++count) world_->connect(listener);
    for (const Completion& completion : collect(4)) {
      EXPECT_EQ(completion.token, token(Operation::accept));
      EXPECT_TRUE(completion.more);
      EXPECT_EQ(completion.buffer, no_buffer);
      EXPECT_GE(completion.result, 0);
      sockets.insert(completion.result);
    }
  }
  EXPECT_EQ(sockets.size(), 12u);
  cancel(token(Operation::accept));
  close(listener);
  for (const Descriptor socket : sockets) close(socket);
}

TEST_P(EngineContract, one_receive_gives_all_octets_in_leases) {
  const auto [peer, socket] = connect();
  engine().receive(token(Operation::receive), socket);
  std::string text;
  for (const std::string_view piece : {"first ", "second ", "third"}) {
    world_->deliver(peer, piece);
    const Completion completion = collect(1)[0];
    EXPECT_EQ(completion.token, token(Operation::receive));
    EXPECT_TRUE(completion.more);
    take(completion, text);
  }
  EXPECT_EQ(text, "first second third");
  cancel(token(Operation::receive));
  close(socket);
}

TEST_P(EngineContract, leases_may_outlive_the_connection) {  // ENG-012
  const auto [peer, socket] = connect();
  engine().receive(token(Operation::receive), socket);
  world_->deliver(peer, "kept");
  const Completion completion = collect(1)[0];
  const BufferLease lease(engine().buffers(), completion.buffer, 4);
  cancel(token(Operation::receive));
  close(socket);
  EXPECT_EQ(lease.view(), "kept");
}

TEST_P(EngineContract, ENG_010_tokens_pass_through_unchanged) {
  const std::array<Token, 4> tokens{Token(Operation::nop, Token::generation_max, 0xFFFF'FFFF),
                                    Token(Operation::nop, 0, 0), Token(0x0123'4567'89AB'CDEF),
                                    Token(~std::uint64_t{0} >> 1)};
  for (const Token each : tokens) {
    engine().nop(each);
    const Completion completion = collect(1)[0];
    EXPECT_EQ(completion.token, each);
    EXPECT_EQ(completion.result, 0);
    EXPECT_FALSE(completion.more);
  }
}

TEST_P(EngineContract, receives_once_into_private_memory) {
  const auto [peer, socket] = connect();
  std::array<char, 8> memory{};
  engine().receive_into(token(Operation::receive), socket, memory);
  EXPECT_TRUE(turn().empty());
  world_->deliver(peer, "0123456789");
  Completion completion = collect(1)[0];
  EXPECT_EQ(completion.result, 8);
  EXPECT_FALSE(completion.more);
  EXPECT_EQ(completion.buffer, no_buffer);
  EXPECT_EQ(std::string_view(memory.data(), 8), "01234567");

  engine().receive_into(token(Operation::receive), socket, memory);
  completion = collect(1)[0];
  EXPECT_EQ(completion.result, 2);
  EXPECT_EQ(std::string_view(memory.data(), 2), "89");

  world_->finish(peer);
  engine().receive_into(token(Operation::receive), socket, memory);
  EXPECT_EQ(collect(1)[0].result, 0);
  close(socket);
}

TEST_P(EngineContract, ENG_027_a_send_may_be_short_and_goes_on_where_it_stopped) {
  const auto [peer, socket] = connect();
  world_->narrow(peer, socket);
  std::string octets(300'000, ' ');
  for (std::size_t index = 0; index < octets.size(); ++index) {
    octets[index] = static_cast<char>(index * 2654435761u >> 13);
  }
  std::string arrived;
  std::size_t offset = 0;
  int sends = 0;
  while (offset < octets.size()) {
    engine().send(token(Operation::send), socket, std::string_view(octets).substr(offset));
    ++sends;
    std::vector<Completion> done;
    const std::uint64_t deadline_ns = now_ns() + patience_ns;
    while (done.empty() && now_ns() < deadline_ns) {
      done = turn();
      arrived += world_->take(peer);
    }
    ASSERT_EQ(done.size(), 1u);
    ASSERT_GT(done[0].result, 0);
    EXPECT_FALSE(done[0].more);
    offset += static_cast<std::size_t>(done[0].result);
  }
  EXPECT_GT(sends, 1);
  arrived += take_from_peer(peer, octets.size() - arrived.size());
  EXPECT_EQ(offset, octets.size());
  EXPECT_TRUE(arrived == octets);
  close(socket);
}

TEST_P(EngineContract, ENG_022_a_half_closed_peer_is_still_answered) {
  const auto [peer, socket] = connect();
  engine().receive(token(Operation::receive), socket);
  world_->deliver(peer, "question");
  world_->finish(peer);
  const auto received = collect(2);
  std::string text;
  take(received[0], text);
  EXPECT_EQ(text, "question");
  EXPECT_EQ(received[1].result, 0);
  EXPECT_FALSE(received[1].more);

  engine().send(token(Operation::send), socket, std::string_view("answer"));
  EXPECT_EQ(collect(1)[0].result, 6);
  engine().shutdown(token(Operation::shutdown), socket);
  EXPECT_EQ(collect(1)[0].result, 0);
  EXPECT_EQ(take_from_peer(peer, 6), "answer");
  world_->take(peer);
  EXPECT_TRUE(world_->saw_finish(peer));
  close(socket);
}

TEST_P(EngineContract, ENG_024_a_reset_ends_the_receive_and_fails_the_send) {
  const auto [peer, socket] = connect();
  engine().receive(token(Operation::receive), socket);
  EXPECT_TRUE(turn().empty());
  world_->reset(peer);
  const Completion completion = collect(1)[0];
  EXPECT_EQ(completion.result, -ECONNRESET);
  EXPECT_FALSE(completion.more);
  engine().send(token(Operation::send), socket, std::string_view("late"));
  EXPECT_EQ(collect(1)[0].result, -EPIPE);
  close(socket);
}

TEST_P(EngineContract, cancels_every_kind_that_waits) {
  const Descriptor listener = world_->listen();
  engine().accept(token(Operation::accept, 2), listener);
  EXPECT_TRUE(turn().empty());
  cancel(token(Operation::accept, 2));
  close(listener);

  const auto [peer, socket] = connect();
  world_->narrow(peer, socket);
  engine().receive(token(Operation::receive), socket);
  EXPECT_TRUE(turn().empty());
  cancel(token(Operation::receive));
  std::array<char, 16> memory;
  engine().receive_into(token(Operation::receive), socket, memory);
  EXPECT_TRUE(turn().empty());
  cancel(token(Operation::receive));
  engine().poll(token(Operation::poll), socket, POLLIN);
  EXPECT_TRUE(turn().empty());
  cancel(token(Operation::poll));

  const std::string octets(100'000, 'x');
  for (bool waits = false; !waits;) {
    engine().send(token(Operation::send), socket, octets);
    waits = turn().empty();
  }
  cancel(token(Operation::send));

  // The socket still works: the cancelled operations have left nothing behind.
  world_->deliver(peer, "alive");
  engine().receive(token(Operation::receive), socket);
  std::string text;
  take(collect(1)[0], text);
  EXPECT_EQ(text, "alive");
  cancel(token(Operation::receive));
  close(socket);
}

TEST_P(EngineContract, ENG_037_cancelling_what_is_not_there_says_so) {
  engine().cancel(token(Operation::cancel), token(Operation::receive, 12345));
  const auto done = collect(1);
  EXPECT_EQ(done[0].token, token(Operation::cancel));
  EXPECT_EQ(done[0].result, -ENOENT);
}

TEST_P(EngineContract, one_receive_under_many_ends_only_its_own) {
  const Descriptor listener = world_->listen();
  engine().accept(token(Operation::accept), listener);
  for (std::uint32_t slot = 0; slot < 4; ++slot) world_->connect(listener);
  const auto accepted = collect(4);
  for (std::uint32_t slot = 0; slot < 4; ++slot) {
    engine().receive(token(Operation::receive, slot), accepted[slot].result);
  }
  EXPECT_TRUE(turn().empty());
  for (const std::uint32_t slot : {2u, 0u, 3u, 1u}) cancel(token(Operation::receive, slot));
  cancel(token(Operation::accept));
  for (const Completion& each : accepted) close(each.result);
  close(listener);
}

// If the engine ends the poll with the first completion, the caller polls again.
TEST_P(EngineContract, a_lasting_poll_tells_of_readiness_until_it_is_cancelled) {
  const auto [peer, socket] = connect();
  engine().poll_lasting(token(Operation::poll), socket, POLLIN);
  EXPECT_TRUE(turn().empty());
  world_->deliver(peer, "x");
  for (int round = 0; round < 3; ++round) {
    const Completion completion = collect(1)[0];
    EXPECT_EQ(completion.token, token(Operation::poll));
    EXPECT_EQ(completion.result, POLLIN);
    if (!completion.more) engine().poll_lasting(token(Operation::poll), socket, POLLIN);
  }
  engine().cancel(token(Operation::cancel), token(Operation::poll));
  // The socket is ready, so the poll may complete once more before it ends.
  while (engine().operations_in_flight() > 0) turn();
  EXPECT_TRUE(turn().empty());
  close(socket);
}

// A caller that reads everything after each completion gets another when more octets arrive.
TEST_P(EngineContract, news_are_told_to_who_reads_all_there_is) {
  const auto [peer, socket] = connect();
  engine().poll_news(token(Operation::poll), socket, POLLIN);
  EXPECT_TRUE(turn().empty());
  std::array<char, 16> memory;
  for (const std::string_view octets : {"one", "two", "three"}) {
    world_->deliver(peer, std::string(octets));
    Completion completion = collect(1)[0];
    EXPECT_EQ(completion.token, token(Operation::poll));
    EXPECT_NE(completion.result & POLLIN, 0);
    if (!completion.more) engine().poll_news(token(Operation::poll), socket, POLLIN);
    engine().receive_into(token(Operation::receive), socket, memory);
    do {
      completion = collect(1)[0];
    } while (completion.token.operation() != Operation::receive);
    EXPECT_EQ(completion.result, static_cast<std::int32_t>(octets.size()));
  }
  engine().cancel(token(Operation::cancel), token(Operation::poll));
  while (engine().operations_in_flight() > 0) turn();
  close(socket);
}

TEST_P(EngineContract, polls_once_for_what_is_ready) {
  const auto [peer, socket] = connect();
  engine().poll(token(Operation::poll), socket, POLLOUT);
  Completion completion = collect(1)[0];
  EXPECT_EQ(completion.result, POLLOUT);
  EXPECT_FALSE(completion.more);

  engine().poll(token(Operation::poll), socket, POLLIN);
  EXPECT_TRUE(turn().empty());
  world_->deliver(peer, "x");
  completion = collect(1)[0];
  EXPECT_EQ(completion.result, POLLIN);
  // Only once: the octet is still there, but no poll is in flight.
  EXPECT_TRUE(turn().empty());
  EXPECT_TRUE(turn().empty());

  engine().receive(token(Operation::receive), socket);
  std::string text;
  take(collect(1)[0], text);
  EXPECT_EQ(text, "x");
  cancel(token(Operation::receive));
  close(socket);
}

TEST_P(EngineContract, what_no_receive_has_taken_is_told_of) {
  const auto [peer, socket] = connect();
  EXPECT_FALSE(engine().has_unread(socket));
  world_->deliver(peer, "x");
  EXPECT_TRUE(engine().has_unread(socket));
  engine().receive(token(Operation::receive), socket);
  std::string text;
  take(collect(1)[0], text);
  cancel(token(Operation::receive));
  EXPECT_FALSE(engine().has_unread(socket));
  world_->finish(peer);
  EXPECT_FALSE(engine().has_unread(socket));
  close(socket);
}

TEST_P(EngineContract, CON_045_who_receives_nothing_can_ask_for_the_peer) {
  const auto [peer, socket] = connect();
  EXPECT_EQ(engine().peer_state(socket), PeerState::open);
  world_->deliver(peer, "x");
  world_->finish(peer);
  EXPECT_EQ(engine().peer_state(socket), PeerState::finished);
  close(socket);
}

TEST_P(EngineContract, CON_032_a_cut_peer_sees_a_reset) {
  const auto [peer, socket] = connect();
  world_->deliver(peer, "x");
  engine().reset(socket);
  world_->take(peer);
  EXPECT_TRUE(world_->saw_reset(peer));
}

INSTANTIATE_TEST_SUITE_P(Engines, EngineContract, ::testing::ValuesIn(engine_kinds()),
                         [](const auto& kind) { return engine_name(kind.param); });

}  // namespace
}  // namespace pelton::uring
