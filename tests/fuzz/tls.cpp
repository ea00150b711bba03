// A client's TLS, its flights changed on their way: the session sees what the client has written,
// or the beginning of it, whatever happens to the octets between, and a filter that has failed
// stays so. Each octet of the input changes or cuts what the client sends next.
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/check.hpp"
#include "core/ticket_keys.hpp"
#include "http/tls/own_certificate.hpp"
#include "http/tls/tls_context.hpp"
#include "http/tls/tls_filter.hpp"
#include "tests/http/tls/tls_client.hpp"

namespace pelton::http {
namespace {

constexpr std::size_t flights_max = 24;
const std::string written = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" + std::string(20'000, 'w');

std::shared_ptr<const TlsContext> make_context() {
  static TicketKeys keys;
  const std::string host = "localhost";
  const auto own = make_own_certificate({&host, 1}, 1);
  CHECK(own);
  std::string path = std::filesystem::temp_directory_path() / "pelton-fuzz-XXXXXX";
  const int descriptor = ::mkstemp(path.data());
  CHECK(descriptor >= 0);
  ::close(descriptor);
  std::ofstream(path) << own->certificate << own->key;
  auto made = TlsContext::load({.pairs = {{path, path}}, .protocols = {"http/1.1"}}, keys);
  std::filesystem::remove(path);
  CHECK(made);
  return *made;
}

// Takes octets of the input; zeros behind its end.
class Choices {
 public:
  explicit Choices(std::span<const std::uint8_t> octets) : octets_(octets) {}
  std::uint8_t next() {
    if (octets_.empty()) return 0;
    const std::uint8_t octet = octets_.front();
    octets_ = octets_.subspan(1);
    return octet;
  }
  std::size_t below(std::size_t bound) {
    const std::size_t high = next();
    return bound == 0 ? 0 : (high << 8 | next()) % bound;
  }

 private:
  std::span<const std::uint8_t> octets_;
};

void change(std::string& flight, Choices& choices) {
  const std::size_t at = choices.below(flight.size());
  switch (choices.next() % 8) {
    case 1:
      if (!flight.empty()) flight[at] = static_cast<char>(flight[at] ^ (1 + choices.next() % 255));
      return;
    case 2:
      flight.erase(at, choices.below(64));
      return;
    case 3:
      flight.insert(at, flight.substr(0, choices.below(flight.size() + 1)));
      return;
    case 4:
      flight.insert(at, std::string(choices.below(300), static_cast<char>(choices.next())));
      return;
    case 5:
      flight.resize(at);
      return;
    default:
      return;
  }
}

}  // namespace
}  // namespace pelton::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pelton;
  using namespace pelton::http;
  static const std::shared_ptr<const TlsContext> context = make_context();
  Choices choices({data, size});
  const std::uint8_t kind = choices.next();
  support::TlsClient client({.server_name = (kind & 1) != 0 ? "localhost" : "",
                             .protocols = (kind & 2) != 0 ? std::vector<std::string>{"http/1.1"}
                                                          : std::vector<std::string>{},
                             .version_max = (kind & 4) != 0 ? 0x0303 : 0x0304});
  BlockPool blocks;
  const auto filter = TlsFilter::make(context);
  client.write(written);
  std::string seen;
  Reason reason = Reason::none;
  for (std::size_t flights = 0; flights < flights_max; ++flights) {
    std::string flight = client.take();
    change(flight, choices);
    const std::size_t piece_bytes = 1 + choices.below(flight.size() + 1);
    for (std::size_t at = 0; at < flight.size(); at += piece_bytes) {
      Output plain(blocks);
      const Reason now = filter->open(
          std::span(flight).subspan(at, std::min(piece_bytes, flight.size() - at)), plain);
      CHECK(reason == Reason::none || (now == Reason::none && plain.empty()));
      if (now != Reason::none) reason = now;
      seen += plain.view();
    }
    CHECK(seen.size() <= written.size() && written.starts_with(seen));
    if ((choices.next() & 15) == 15) filter->end();
    Output answer(blocks);
    Output wire(blocks);
    if (filter->is_established()) answer.append("answer");
    CHECK(filter->seal(answer, wire));
    CHECK(answer.empty() && !filter->has_own_octets());
    client.receive(wire.view());
  }
  CHECK((filter->facts() != nullptr) == filter->is_established());
  return 0;
}
