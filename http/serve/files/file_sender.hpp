// Sends a file for a suspended exchange: waits for the disk on the pool and for the client on the
// connection; meanwhile it holds one descriptor and no octets (STA-017).
//
//   finding ──► answered at once                          (the file is small or was not found)
//      │
//      ▼
//   sending ◄──► warming      the next octets are loaded into memory
//      │
//      ▼
//     over                    all is sent, the client is gone, or the file became shorter
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
  // Takes the exchange over. `plan` is used if the file was found.
  static void begin(Exchange& exchange, FileQuery query, FoundFile found, FilePlan plan);

  // How many there are, on all threads.
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
  bool copies_ = false;          // the engine or the file needs it
  bool submitted_ = false;       // on the pool: must not be destroyed until done()
  std::size_t part_ = 0;         // of the plan
  std::uint64_t part_sent_ = 0;  // octets of its text, then of its range
  std::uint64_t turn_bytes_ = 0;
  ByteRange warmed_;
};

}  // namespace pelton::http
