#include "core/log/lane.hpp"

#include <signal.h>
#include <sys/resource.h>

#include <limits.h>
#include <cerrno>

#include "scratch.hpp"

namespace pelton {
namespace {

LogLane to_file(const std::string& path, std::size_t bytes_max = 1 << 20) {
  auto destination = LogDestination::of_path(path);
  EXPECT_TRUE(destination.has_value());
  return {std::move(*destination), bytes_max};
}

void append(LogLane& lane, std::string_view record) {
  EXPECT_TRUE(lane.ring.append(record));
  lane.ring.publish();
}

TEST(LogLane, records_end_where_the_next_line_does_not_begin_with_a_space) {
  EXPECT_EQ(records_in({"", ""}), 0u);
  EXPECT_EQ(records_in({"a\n", ""}), 1u);
  EXPECT_EQ(records_in({"a\nb\n", "c\n"}), 3u);
  EXPECT_EQ(records_in({"a\n  b\n", "  c\nd\n"}), 2u);
  EXPECT_EQ(records_in({"a", "\n b\nc\n"}), 2u);
}

// The bound at n - 1, n and n + 1 of two records.
TEST(LogLane, pieces_are_cut_between_records) {
  const std::array<std::string_view, 2> pieces = {"aa\nbb", "\ncc\n"};
  const auto cut = [&](std::size_t bytes_max) {
    const auto first = whole_records(pieces, bytes_max);
    return std::string(first[0]) + std::string(first[1]);
  };
  EXPECT_EQ(cut(9), "aa\nbb\ncc\n");
  EXPECT_EQ(cut(8), "aa\nbb\n");
  EXPECT_EQ(cut(7), "aa\nbb\n");
  EXPECT_EQ(cut(6), "aa\nbb\n");
  EXPECT_EQ(cut(5), "aa\n");
  EXPECT_EQ(cut(1), "aa\n");
}

TEST(LogLane, what_is_queued_is_written_across_the_end_of_the_ring) {
  ScratchFolder folder;
  LogLane lane = to_file(folder.file("log"), 8);
  for (const char* record : {"12345\n", "abcd\n", "xy\n"}) {
    append(lane, record);
    EXPECT_EQ(lane.write_out(), 0u);
    EXPECT_TRUE(lane.empty());
  }
  EXPECT_EQ(folder.text_of("log"), "12345\nabcd\nxy\n");
}

TEST(LogLane, PRC_050_a_full_pipe_keeps_the_rest_for_later) {
  Pipe pipe;
  auto destination = LogDestination::of_descriptor(pipe.write_end());
  ASSERT_TRUE(destination.has_value());
  LogLane lane(std::move(*destination), 1 << 16);
  const std::string record = std::string(2999, 'x') + "\n";
  append(lane, record);
  append(lane, record);
  EXPECT_EQ(lane.write_out(), 0u);
  EXPECT_TRUE(lane.blocked());
  EXPECT_FALSE(lane.write_own("late\n"));
  EXPECT_EQ(lane.ring.bytes_pending(), record.size());
  EXPECT_EQ(pipe.take(), record);
  EXPECT_EQ(lane.write_out(), 0u);
  EXPECT_FALSE(lane.blocked());
  EXPECT_EQ(pipe.take(), record);
  // A record that is longer than the pipe is written in pieces.
  const std::string longer = std::string(2 * Pipe::bytes_max, 'y') + "\n";
  append(lane, longer);
  std::string received;
  while (!lane.empty()) {
    lane.write_out();
    received += pipe.take();
  }
  EXPECT_EQ(received, longer);
}

TEST(LogLane, PRC_050_a_full_device_drops_and_counts) {
  LogLane lane = to_file("/dev/full");
  append(lane, "one\n");
  append(lane, "two\n  more of two\n");
  EXPECT_EQ(lane.write_out(), 2u);
  EXPECT_EQ(lane.failure(), ENOSPC);
  EXPECT_TRUE(lane.empty());
  EXPECT_EQ(lane.drop_queued(), 0u);
}

TEST(LogLane, PRC_050_a_closed_pipe_drops_and_counts) {
  ::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  auto destination = LogDestination::of_descriptor(pipe.write_end());
  ASSERT_TRUE(destination.has_value());
  LogLane lane(std::move(*destination), 4096);
  pipe.close_read_end();
  append(lane, "one\n");
  EXPECT_EQ(lane.write_out(), 1u);
  EXPECT_EQ(lane.failure(), EPIPE);
  ::signal(SIGPIPE, SIG_DFL);
}

// A device fills up in the middle of a record: once there is room, the next record begins a new
// line.
TEST(LogLane, PRC_050_a_record_that_was_cut_ends_its_line) {
  ScratchFolder folder;
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  LogLane lane = to_file(folder.file("log"));
  const rlimit small{10, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  append(lane, "01234\n");
  append(lane, "abcdef\n");
  append(lane, "ghi\n");
  EXPECT_EQ(lane.write_out(), 2u);
  EXPECT_EQ(lane.failure(), EFBIG);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  append(lane, "again\n");
  EXPECT_EQ(lane.write_out(), 0u);
  EXPECT_EQ(lane.failure(), 0);
  EXPECT_TRUE(lane.write_own("own\n"));
  EXPECT_EQ(folder.text_of("log"), "01234\nabcd\nagain\nown\n");
}

}  // namespace
}  // namespace pelton
