#include "core/log/writer.hpp"

#include <signal.h>
#include <sys/wait.h>

#include <string>
#include <thread>

#include "scratch.hpp"

namespace pelton {
namespace {

constexpr std::size_t queue_bytes = 64 * 1024;

LogDestination file(const std::string& path) {
  auto made = LogDestination::of_path(path);
  EXPECT_TRUE(made.has_value());
  return std::move(*made);
}

std::string numbered(int number) {
  std::string line = std::to_string(number);
  line.push_back('\n');
  return line;
}

LogDestination pipe_end(const Pipe& pipe) {
  auto made = LogDestination::of_descriptor(pipe.write_end());
  EXPECT_TRUE(made.has_value());
  return std::move(*made);
}

TEST(LogWriter, PRC_017_records_of_both_kinds_are_written_by_the_end) {
  ScratchFolder folder;
  Stats stats;
  {
    LogWriter writer(file(folder.file("access")), file(folder.file("error")), queue_bytes, stats);
    for (int turn = 0; turn < 100; ++turn) {
      EXPECT_TRUE(writer.append(LogKind::access, numbered(turn)));
      writer.commit();
    }
    EXPECT_TRUE(writer.append(LogKind::error, "trouble\n  in two lines\n"));
    // finish() also writes records that no turn has committed.
    writer.finish();
    EXPECT_FALSE(writer.append(LogKind::access, "too late\n"));
  }
  std::string expected;
  for (int turn = 0; turn < 100; ++turn) expected += numbered(turn);
  EXPECT_EQ(folder.text_of("access"), expected);
  EXPECT_EQ(folder.text_of("error"), "trouble\n  in two lines\n");
  EXPECT_EQ(stats.of(Reason::dropped_log), 1u);
}

// log_queue_bytes_max at n - 1, n and n + 1: seven eighths are for the access log, one eighth is
// for the error log.
TEST(LogWriter, LIM_095_the_queue_is_bounded) {
  constexpr std::size_t n = 800;
  for (const std::size_t bytes : {n - 1, n, n + 1}) {
    ScratchFolder folder;
    Stats stats;
    LogWriter writer(file(folder.file("access")), file(folder.file("error")), n, stats);
    const bool fits = bytes <= n;
    EXPECT_EQ(writer.append(LogKind::access, std::string(bytes * 7 / 8 + (fits ? 0 : 1), 'a')),
              fits);
    EXPECT_EQ(writer.append(LogKind::error, std::string(bytes / 8 + (fits ? 0 : 1), 'e')), fits);
    EXPECT_EQ(stats.of(Reason::dropped_log), fits ? 0u : 2u);
  }
}

TEST(LogWriter, a_sleeping_thread_is_woken_by_a_commit) {
  Pipe access;
  Pipe error;
  Stats stats;
  LogWriter writer(pipe_end(access), pipe_end(error), queue_bytes, stats);
  for (int turn = 0; turn < 50; ++turn) {
    const std::string record = numbered(turn);
    EXPECT_TRUE(writer.append(LogKind::access, record));
    writer.commit();
    EXPECT_EQ(access.take(), record);
  }
  EXPECT_EQ(stats.of(Reason::dropped_log), 0u);
}

// LIM-095: the lane's share of the queue; append() returns at once even if the pipe is stuck.
TEST(LogWriter, PRC_050_a_stuck_pipe_drops_counts_and_says_so_when_it_flows_again) {
  Pipe access;
  Pipe error;
  Stats stats;
  LogWriter writer(pipe_end(access), pipe_end(error), queue_bytes, stats);
  const std::string record = std::string(99, 'x') + "\n";
  std::uint64_t kept = 0;
  std::uint64_t dropped = 0;
  for (int index = 0; index < 2000; ++index) {
    ++(writer.append(LogKind::access, record) ? kept : dropped);
    writer.commit();
  }
  EXPECT_GT(dropped, 0u);
  EXPECT_EQ(stats.of(Reason::dropped_log), dropped);
  EXPECT_LE(writer.bytes_queued(), queue_bytes);
  // Errors have room of their own.
  EXPECT_TRUE(writer.append(LogKind::error, "still told\n"));
  writer.commit();
  std::string told;
  while (told.find("still told\n") == std::string::npos) told += error.take();

  std::size_t received = 0;
  while (received < kept * record.size()) received += access.take().size();
  EXPECT_EQ(received, kept * record.size());
  while (told.find("records of the access log were dropped") == std::string::npos) {
    told += error.take();
  }
  const std::string summary =
      std::to_string(dropped) + " records of the access log were dropped: the queue was full\n";
  EXPECT_NE(told.find(summary), std::string::npos) << told;
  EXPECT_EQ(stats.of(Reason::dropped_log), dropped);
}

TEST(LogWriter, PRC_050_a_full_device_is_counted_and_stops_nothing) {
  ScratchFolder folder;
  Stats stats;
  {
    LogWriter writer(file("/dev/full"), file(folder.file("error")), queue_bytes, stats);
    for (int index = 0; index < 10'000; ++index) {
      // The queue may be full for a moment, and then the record is dropped.
      writer.append(LogKind::access, "to nowhere\n");
      writer.commit();
    }
    EXPECT_TRUE(writer.append(LogKind::error, "arrives\n"));
  }
  EXPECT_EQ(stats.of(Reason::dropped_log), 10'000u);
  const std::string told = folder.text_of("error");
  EXPECT_EQ(told.find("arrives\n"), 0u);
  EXPECT_NE(told.find("of the access log were dropped: No space left on device\n"),
            std::string::npos)
      << told;
}

TEST(LogWriter, PRC_050_a_closed_pipe_is_counted_and_no_signal_ends_us) {
  Pipe access;
  Pipe error;
  Stats stats;
  {
    LogWriter writer(pipe_end(access), pipe_end(error), queue_bytes, stats);
    access.close_read_end();
    EXPECT_TRUE(writer.append(LogKind::access, "to nobody\n"));
    writer.commit();
  }
  EXPECT_EQ(stats.of(Reason::dropped_log), 1u);
}

TEST(LogWriter, PRC_017_a_stuck_pipe_does_not_hold_up_the_end) {
  Pipe access;
  Pipe error;
  Stats stats;
  const std::string record = std::string(2999, 'x') + "\n";
  {
    LogWriter writer(pipe_end(access), pipe_end(error), queue_bytes, stats);
    for (int index = 0; index < 4; ++index) EXPECT_TRUE(writer.append(LogKind::access, record));
    writer.commit();
  }
  EXPECT_EQ(stats.of(Reason::dropped_log), 3u);
  EXPECT_NE(error.take().find(" 3 records of the access log were dropped"), std::string::npos);
}

TEST(LogWriter, PRC_004_no_record_is_lost_when_files_are_reopened) {
  ScratchFolder folder;
  Stats stats;
  constexpr int turns = 2000;
  {
    LogWriter writer(file(folder.file("access")), file(folder.file("error")), 1 << 20, stats);
    for (int turn = 0; turn < turns; ++turn) {
      if (turn % 500 == 250) {
        const std::string rotated = folder.file("access." + std::to_string(turn));
        ASSERT_EQ(::rename(folder.file("access").c_str(), rotated.c_str()), 0);
        writer.reopen();
        // The thread creates the file again; the next rotation needs it.
        while (::access(folder.file("access").c_str(), F_OK) != 0) {
          writer.append(LogKind::error, "waiting\n");
          writer.commit();
          std::this_thread::yield();
        }
      }
      EXPECT_TRUE(writer.append(LogKind::access, numbered(turn)));
      writer.commit();
    }
  }
  std::string whole;
  for (const char* part : {"access.250", "access.750", "access.1250", "access.1750", "access"}) {
    whole += folder.text_of(part);
  }
  std::string expected;
  for (int turn = 0; turn < turns; ++turn) expected += numbered(turn);
  EXPECT_EQ(whole, expected);
}

// Another user of the reserved descriptor gives it back later.
TEST(LogWriter, PRC_043_a_reopening_that_lacks_descriptors_is_tried_again) {
  ScratchFolder folder;
  Stats stats;
  LogWriter writer(file(folder.file("access")), file(folder.file("error")), 1 << 20, stats);
  EXPECT_TRUE(writer.append(LogKind::access, "before\n"));
  writer.commit();
  const auto wait_for = [](const auto& condition) {
    while (!condition()) std::this_thread::yield();
  };
  const auto bytes_of = [&](const char* name) {
    struct stat status{};
    return ::stat(folder.file(name).c_str(), &status) == 0 ? status.st_size : -1;
  };
  wait_for([&] { return bytes_of("access") > 0; });
  ASSERT_EQ(::rename(folder.file("access").c_str(), folder.file("access.1").c_str()), 0);
  {
    const NoFreeDescriptors none;
    none.allow(3);  // below the reserved descriptors too
    writer.reopen();
    wait_for([&] { return bytes_of("error") > 0; });
    EXPECT_EQ(bytes_of("access"), -1);
  }
  wait_for([&] { return bytes_of("access") == 0; });
  EXPECT_TRUE(writer.append(LogKind::access, "after\n"));
  writer.finish();
  EXPECT_EQ(folder.text_of("access.1"), "before\n");
  EXPECT_EQ(folder.text_of("access"), "after\n");
  // The failure is logged at most once per file, in spite of repeated attempts.
  const std::string said = folder.text_of("error");
  const std::string_view what = " the old one is kept: Too many open files\n";
  const std::size_t first = said.find(what);
  ASSERT_NE(first, std::string::npos);
  const std::size_t second = said.find(what, first + 1);
  EXPECT_TRUE(second == std::string::npos || said.find(what, second + 1) == std::string::npos);
}

// Two processes write to one file: no line is inside another.
TEST(LogWriter, lines_of_several_processes_do_not_mix) {
  ScratchFolder folder;
  constexpr int lines = 3000;
  const auto write_all = [&](char mark) {
    Stats stats;
    LogWriter writer(file(folder.file("access")), file(folder.file("error")), 1 << 20, stats);
    for (int index = 0; index < lines; ++index) {
      const auto bytes = static_cast<std::size_t>(20 + index % 60);
      if (!writer.append(LogKind::access, std::string(bytes, mark) + "\n")) return false;
      if (index % 7 == 0) writer.commit();
    }
    return true;
  };
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(write_all('c') ? 0 : 1);
  EXPECT_TRUE(write_all('p'));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  const std::string text = folder.text_of("access");
  int found = 0;
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos;
       begin = end + 1) {
    const std::string line = text.substr(begin, end - begin);
    ASSERT_EQ(line, std::string(line.size(), line[0]));
    ++found;
  }
  EXPECT_EQ(found, 2 * lines);
}

// A forked child has no writing thread: finish() neither waits nor writes there.
TEST(LogWriter, a_forked_child_leaves_the_queue_to_its_parent) {
  ScratchFolder folder;
  Stats stats;
  {
    LogWriter writer(file(folder.file("access")), file(folder.file("error")), queue_bytes, stats);
    EXPECT_TRUE(writer.append(LogKind::access, "one\n"));
    writer.commit();
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      writer.append(LogKind::access, "of the child\n");
      writer.finish();
      ::_exit(0);
    }
    int status = 1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(writer.append(LogKind::access, "two\n"));
  }
  EXPECT_EQ(folder.text_of("access"), "one\ntwo\n");
}

}  // namespace
}  // namespace pelton
