// TLS between a transport and its session: the server's end of one connection. OpenSSL reads what
// the socket has brought, and writes to what the socket will send, through TlsFilter itself: there
// are no buffers between.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/memory/output.hpp"
#include "core/reason.hpp"
#include "http/message/tls_facts.hpp"
#include "http/tls/tls_context.hpp"
#include "http/transport/octet_filter.hpp"

namespace pelton::http {

class TlsFilter final : public OctetFilter {
 public:
  // How much of its own it may owe the peer: the flights of a handshake are far shorter.
  static constexpr std::size_t own_bytes_max = std::size_t{256} * 1024;

  // Null if there is no memory.
  static std::unique_ptr<TlsFilter> make(std::shared_ptr<const TlsContext> context);
  TlsFilter(const TlsFilter&) = delete;
  TlsFilter& operator=(const TlsFilter&) = delete;
  ~TlsFilter() override;

  Reason open(std::span<const char> wire, Output& plain) override;
  bool seal(Output& plain, Output& wire) override;
  bool has_own_octets() const override { return !own_.empty() || (owes_end_ && can_seal()); }
  bool is_established() const override { return established_; }
  bool peer_has_ended() const override { return peer_ended_; }
  void end() override;
  std::string_view protocol() const override;
  const TlsFacts* facts() override;

  // How OpenSSL reads and writes.
  static void prepare(BIO_METHOD& octets);

 private:
  TlsFilter(std::shared_ptr<const TlsContext> context, SSL* connection);

  bool can_seal() const { return established_ && !failed_; }
  bool seal_records(const Output& plain);
  Reason shake_hands();
  Reason read_records(Output& plain);
  Reason failed(int result);
  Reason reason_of_failure() const;

  static int read(BIO* bio, char* octets, int bytes);
  static int write(BIO* bio, const char* octets, int bytes);
  static long control(BIO* bio, int command, long number, void* pointer);

  const std::shared_ptr<const TlsContext> context_;
  SSL* const connection_;
  std::span<const char> wire_;  // that has arrived and is not read yet
  Output* sealed_ = nullptr;    // where records go while octets are sealed
  std::string own_;             // what else is to be sent
  bool heard_ = false;
  bool established_ = false;
  bool peer_ended_ = false;
  bool failed_ = false;
  bool ended_ = false;
  bool owes_end_ = false;            // the last octets of the session may still wait to be sealed
  std::unique_ptr<TlsFacts> facts_;  // once somebody asks
};

}  // namespace pelton::http
