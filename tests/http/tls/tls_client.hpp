// A client's end of TLS without a socket: what it wants to send is taken, what came is given to it.
#pragma once

#include <openssl/ssl.h>

#include <string>
#include <string_view>
#include <vector>

namespace pelton::support {

struct ClientWish {
  std::string server_name;             // SNI; empty: none
  std::vector<std::string> protocols;  // ALPN
  int version_min = TLS1_2_VERSION;
  int version_max = TLS1_3_VERSION;
  std::string ciphers;  // of TLS 1.2
  std::string certificate_path;
  std::string key_path;
  SSL_SESSION* session = nullptr;  // to resume
};

class TlsClient {
 public:
  explicit TlsClient(const ClientWish& wish = {});
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;
  ~TlsClient();

  // Octets from the server arrive.
  void receive(std::string_view wire);
  // Octets for the server, since the last call.
  std::string take();
  // Goes on with the handshake, then writes `plain`; take() has what is to be sent.
  void write(std::string_view plain);
  // Sends close_notify.
  void finish();
  // Asks for new keys, and for new ones of the server.
  void update_keys();

  bool is_established() const { return SSL_is_init_finished(ssl_) != 0; }
  // What the server has sent, in the clear, since the last call.
  std::string read();
  // The server has sent close_notify.
  bool server_has_ended() const { return server_ended_; }
  // The last alert that came, or an own one: "no application protocol"; empty: none.
  const std::string& failure() const { return failure_; }
  std::string protocol() const;
  std::string server_common_name() const;
  bool was_resumed() const { return SSL_session_reused(ssl_) == 1; }
  // The last session that can be resumed; null if there is none. The caller frees it.
  SSL_SESSION* session() const;
  SSL* ssl() { return ssl_; }

 private:
  void proceed();

  SSL_CTX* context_;
  SSL* ssl_;
  BIO* arrived_;
  BIO* leaving_;
  std::string unsent_;
  std::string plain_;
  std::string failure_;
  bool server_ended_ = false;
  mutable SSL_SESSION* last_session_ = nullptr;
};

}  // namespace pelton::support
