// Forwarding fields, one a line: whatever stands there, what is read of it is well formed, and the
// line that a proxy adds behind it names the client.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/check.hpp"
#include "http/message/authority.hpp"
#include "http/message/forwarded_fields.hpp"
#include "http/message/percent.hpp"

namespace {

using namespace pelton::http;

constexpr std::array<std::string_view, 6> names = {"Forwarded",         "X-Forwarded-For",
                                                   "X-Forwarded-Proto", "X-Forwarded-Host",
                                                   "X-Forwarded-Port",  "X-Forwarded-Prefix"};

// A head whose lines are those of `octets`; the first octet of a line chooses its name.
class Lines {
 public:
  explicit Lines(std::string_view octets) {
    while (!octets.empty()) {
      const std::size_t end = std::min(octets.find('\n'), octets.size());
      const std::string_view line = octets.substr(0, end);
      if (!line.empty()) {
        add(names[static_cast<unsigned char>(line[0]) % names.size()], line.substr(1));
      }
      octets.remove_prefix(std::min(end + 1, octets.size()));
    }
  }

  void add(std::string_view name, std::string_view value) {
    fields_.push_back({.name = put(name), .value = put(value)});
  }

  ForwardedValues read(ForwardedFamily family) {
    TrustedPeers trusted;
    CHECK(trusted.add("10.0.0.0/8").empty());
    RequestHead head;
    head.base = text_.data();
    head.fields = fields_;
    return read_forwarded_fields(head, family, trusted);
  }

 private:
  Span put(std::string_view text) {
    const Span span{static_cast<std::uint32_t>(text_.size()),
                    static_cast<std::uint32_t>(text.size())};
    text_ += text;
    return span;
  }

  std::string text_;
  std::vector<Field> fields_;
};

void check(const ForwardedValues& values) {
  CHECK(values.names_client || (values.client_host.empty() && values.client_port == 0));
  CHECK(values.client_host.empty() || read_ip_address(values.client_host));
  Authority parts;
  CHECK(values.authority.empty() || read_authority(values.authority, parts));
  CHECK(values.root_path.empty() || (values.root_path[0] == '/' && values.root_path.back() != '/'));
  CHECK(valid_utf8(values.root_path));
}

}  // namespace

extern "C" [[gnu::visibility("default")]] int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                                                     std::size_t bytes);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
  Lines lines({reinterpret_cast<const char*>(data), bytes});
  for (const auto family : {ForwardedFamily::x_forwarded, ForwardedFamily::forwarded}) {
    check(lines.read(family));
  }
  lines.add("X-Forwarded-For", "203.0.113.7:99, 10.0.0.1");
  lines.add("Forwarded", "for=\"203.0.113.7:99\", for=10.0.0.1;proto=https");
  for (const auto family : {ForwardedFamily::x_forwarded, ForwardedFamily::forwarded}) {
    const ForwardedValues values = lines.read(family);
    check(values);
    CHECK(values.client_host == "203.0.113.7" && values.client_port == 99);
    if (family == ForwardedFamily::forwarded) CHECK(values.is_secure == true);
  }
  return 0;
}
