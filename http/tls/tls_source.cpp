#include "http/tls/tls_source.hpp"

#include <sys/stat.h>

#include <utility>

#include "core/monotonic.hpp"
#include "core/thread.hpp"
#include "http/tls/tls_filter.hpp"

namespace pelton::http {

TlsSource::TlsSource(TlsSettings settings) : settings_(std::move(settings)) {}

TlsSource::~TlsSource() {
  if (loads_) ::pthread_join(thread_, nullptr);
}

std::expected<std::unique_ptr<TlsSource>, std::string> TlsSource::load(TlsSettings settings) {
  std::unique_ptr<TlsSource> made(new TlsSource(std::move(settings)));
  made->files_ = made->files_seen_ = made->files_now();
  Loaded loaded = TlsContext::load(made->settings_, *made->keys_);
  if (!loaded) return std::unexpected(std::move(loaded.error()));
  made->context_ = std::move(*loaded);
  return made;
}

// Loads once more, for the context has the keys that it was loaded with.
void TlsSource::share(TicketKeys& keys) {
  keys_ = &keys;
  if (Loaded loaded = TlsContext::load(settings_, *keys_)) context_ = std::move(*loaded);
}

std::unique_ptr<OctetFilter> TlsSource::make() {
  return TlsFilter::make(context_);
}

// --- files that change ---

std::vector<TlsSource::FileState> TlsSource::files_now() const {
  std::vector<FileState> states;
  const auto add = [&](const std::string& path) {
    struct stat status{};
    FileState state;
    if (!path.empty() && ::stat(path.c_str(), &status) == 0) {
      state = {
          .device = status.st_dev,
          .node = status.st_ino,
          .bytes = static_cast<std::uint64_t>(status.st_size),
          .changed_ns = static_cast<std::uint64_t>(status.st_ctim.tv_sec) * nanoseconds_per_second +
                        static_cast<std::uint64_t>(status.st_ctim.tv_nsec)};
    }
    states.push_back(state);
  };
  for (const TlsPair& pair : settings_.pairs) {
    add(pair.chain_path);
    add(pair.key_path);
  }
  add(settings_.ca_path);
  add(settings_.crl_path);
  return states;
}

std::optional<FilterSource::News> TlsSource::look() {
  if (loads_) return load_ended_.load(std::memory_order_acquire) ? end_load() : std::nullopt;
  std::vector<FileState> now = files_now();
  // A certificate and its key are written one after the other.
  const bool settled = now == files_seen_;
  files_seen_ = std::move(now);
  if (settled && files_seen_ != files_) begin_load();
  return std::nullopt;
}

// Keys that are encrypted, or long, take a while.
void TlsSource::begin_load() {
  const auto body = [](void* self) -> void* {
    auto* const source = static_cast<TlsSource*>(self);
    source->loaded_ = TlsContext::load(source->settings_, *source->keys_);
    source->load_ended_.store(true, std::memory_order_release);
    return nullptr;
  };
  load_ended_ = false;
  const std::optional<pthread_t> thread = start_thread("pelton-tls", body, this);
  if (!thread) return;  // at the next look, perhaps
  thread_ = *thread;
  loads_ = true;
  files_ = files_seen_;
}

std::optional<FilterSource::News> TlsSource::end_load() {
  ::pthread_join(thread_, nullptr);
  loads_ = false;
  Loaded loaded = std::move(*loaded_);
  loaded_.reset();
  if (!loaded) {
    return News{
        .reason = Reason::fault_tls_reload,
        .text = "changed certificates cannot be used, those before stay: " + loaded.error()};
  }
  context_ = std::move(*loaded);
  return News{.reason = Reason::none, .text = "certificates were loaded anew"};
}

}  // namespace pelton::http
