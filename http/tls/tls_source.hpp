// The TLS of a server's listeners: makes the filters of its connections, and loads certificates
// anew when their files change (TLS-004).
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/ticket_keys.hpp"
#include "http/tls/tls_context.hpp"
#include "http/tls/tls_settings.hpp"
#include "http/transport/octet_filter.hpp"

namespace pelton::http {

class TlsSource final : public FilterSource {
 public:
  // Loads everything once. The error is one line for the user.
  static std::expected<std::unique_ptr<TlsSource>, std::string> load(TlsSettings settings);
  TlsSource(const TlsSource&) = delete;
  TlsSource& operator=(const TlsSource&) = delete;
  ~TlsSource() override;

  std::unique_ptr<OctetFilter> make() override;
  void share(TicketKeys& keys) override;
  // Files that have changed, and did not change again since the last look, are loaded by a thread;
  // a later look takes up what it has made. If that cannot be used, what was there before stays.
  std::optional<News> look() override;

 private:
  using Loaded = std::expected<std::shared_ptr<const TlsContext>, std::string>;

  // What shows that a file has changed; its time and place, for files are often replaced by a link.
  struct FileState {
    std::uint64_t device = 0;
    std::uint64_t node = 0;
    std::uint64_t bytes = 0;
    std::uint64_t changed_ns = 0;

    bool operator==(const FileState&) const = default;
  };

  explicit TlsSource(TlsSettings settings);

  std::vector<FileState> files_now() const;
  void begin_load();
  std::optional<News> end_load();

  const TlsSettings settings_;
  TicketKeys own_keys_;
  TicketKeys* keys_ = &own_keys_;
  std::shared_ptr<const TlsContext> context_;
  std::vector<FileState> files_;       // as they were when `context_` was loaded, or loading failed
  std::vector<FileState> files_seen_;  // by the last look

  bool loads_ = false;
  pthread_t thread_{};
  std::atomic<bool> load_ended_ = false;
  std::optional<Loaded> loaded_;  // by the thread
};

}  // namespace pelton::http
