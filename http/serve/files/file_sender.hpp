// Sends a file for an exchange that its handler has left: waits for the disk on the pool and for
// the peer on the connection, and holds one descriptor and no octets meanwhile (STA-017).
//
//   finding ──► answered at once                          (the disk knew where the file is)
//      │
//      ▼
//   sending ◄──► warming      the octets that are next come into memory
//      │
//      ▼
//     over                    all is sent, the peer is gone, or the file became shorter
#pragma once

#include <cstddef>
#include <cstdint>

#include "http/files/file_plan.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/files/disk_pool.hpp"
#include "http/serve/files/file_query.hpp"

namespace pelton::http {

class FileSender final : private DiskWork {
 public:
  // Takes the exchange over. `plan` counts if the file was found.
  static void begin(Exchange& exchange, FileQuery query, FoundFile found, FilePlan plan);

  // Of all threads: how many there are.
  static std::size_t live();

 private:
  enum class State : std::uint8_t { finding, sending, warming };
  enum class Sent : std::uint8_t { all, later, failed };

  FileSender(FileQuery query, FoundFile found, FilePlan plan);
  ~FileSender() override;

  static void hear(void* context, ExchangeEvent event, Exchange& exchange);
  void work() override;
  void done() override;

  void found();
  void start();
  void go_on();
  Sent send();
  Sent send_text(Exchange& exchange, std::string_view text);
  Sent send_octets(Exchange& exchange, const ByteRange& octets);
  Sent copy_octets(Exchange& exchange, const ByteRange& octets);
  Sent after(std::int64_t result, Exchange& exchange);
  bool warm_up(const ByteRange& octets);
  void end(Outcome outcome);

  FileQuery query_;
  FoundFile found_;
  FilePlan plan_;
  ExchangeHandle handle_;
  DiskPool* disk_ = nullptr;
  State state_ = State::finding;
  bool copies_ = false;          // the engine or the file cannot do without
  bool submitted_ = false;       // on the pool: not to be ended before it is back
  std::size_t part_ = 0;         // of the plan
  std::uint64_t part_sent_ = 0;  // octets of its text, then of its range
  std::uint64_t turn_bytes_ = 0;
  ByteRange warmed_;
};

}  // namespace pelton::http
