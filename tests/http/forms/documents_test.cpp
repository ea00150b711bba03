// VER-012: documents as browsers and other clients write them, and odd ones, read the same at every
// split (SEG-002, SEG-006).
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "feed.hpp"

namespace pelton::http {
namespace {

struct Document {
  std::string_view name;
  std::string_view boundary;
  std::string body;
  std::string heard;
};

// A form of a client: its boundary, what it writes behind each name, and what it writes at the end.
struct Client {
  std::string_view name;
  std::string_view boundary;
  std::string_view disposition;  // up to the name's value
  bool types_text;               // fields get a Content-Type too
  std::string_view end;
};

constexpr Client clients[] = {
    {"chrome", "----WebKitFormBoundaryxSm7DYc2pGqJ6Lk0",
     "Content-Disposition: form-data; name=", false, "\r\n"},
    {"safari", "----WebKitFormBoundary7MA4YWxkTrZu0gW",
     "Content-Disposition: form-data; name=", false, "\r\n"},
    {"firefox", "---------------------------9051914041544843365972754266",
     "Content-Disposition: form-data; name=", false, "\r\n"},
    {"firefox_new", "----geckoformboundaryc3ae3fa6e0d2a7f9bb8e0f41b8a8c0d2",
     "Content-Disposition: form-data; name=", false, "\r\n"},
    {"curl", "------------------------d74496d66958873e",
     "Content-Disposition: form-data; name=", false, "\r\n"},
    {"python_requests", "0f1c9a83b0d44c3fae1e5a0b7cf2d1aa",
     "Content-Disposition: form-data; name=", false, "\r\n"},
    {"java", "_Part_3_1212496146.1697461153", "Content-Disposition:form-data;name=", true, ""},
    {"dotnet", "1f3a8e9d-7c44-4c7e-a9ad-9f2f2f9c7e11",
     "content-disposition: form-data; name=", true, "\r\n"},
};

std::string part(const Client& client, std::string_view name, std::string_view content,
                 std::string_view more = "") {
  std::string text = "--";
  text.append(client.boundary).append("\r\n").append(client.disposition);
  text.append("\"").append(name).append("\"").append(more);
  if (client.types_text && more.empty()) text += "\r\nContent-Type: text/plain; charset=utf-8";
  return text + "\r\n\r\n" + std::string(content) + "\r\n";
}

std::string head(const Client& client, std::string_view name, std::string_view file = "",
                 std::string_view type = "") {
  std::string text = "[name=";
  text.append(name);
  if (!type.empty()) text.append(" file=").append(file).append(" Content-Type=").append(type);
  if (client.types_text && type.empty()) text += " Content-Type=text/plain; charset=utf-8";
  return text + "]";
}

std::vector<Document> documents_of(const Client& client) {
  std::string end = "--";
  end.append(client.boundary).append("--").append(client.end);
  constexpr char octets[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\r\n--\r\n\r\r\n\n";
  const std::string png(octets, sizeof octets - 1);
  std::vector<Document> made;
  made.push_back({"fields", client.boundary,
                  part(client, "title", "sky") + part(client, "text", "a\r\nb\r\n\r\nc") + end,
                  head(client, "title") + "sky|" + head(client, "text") + "a\r\nb\r\n\r\nc|."});
  made.push_back(
      {"empty field", client.boundary, part(client, "a", "") + end, head(client, "a") + "|."});
  made.push_back({"utf-8", client.boundary, part(client, "n\xc3\xa4me", "\xe2\x82\xac") + end,
                  head(client, "n\xc3\xa4me") + "\xe2\x82\xac|."});
  made.push_back(
      {"file", client.boundary,
       part(client, "image", png, "; filename=\"sky.png\"\r\nContent-Type: image/png") + end,
       head(client, "image", "sky.png", "image/png") + png + "|."});
  made.push_back(
      {"no file chosen", client.boundary,
       part(client, "image", "", "; filename=\"\"\r\nContent-Type: application/octet-stream") + end,
       head(client, "image", "", "application/octet-stream") + "|."});
  made.push_back(
      {"names with quotes", client.boundary,
       part(client, "a%22b%0D%0A", "x",
            "; filename=\"q%22\xc3\xa4.txt\"\r\nContent-Type: text/plain") +
           part(client, "a", "y", "; filename=\"q\\\"w.txt\"\r\nContent-Type: text/plain") + end,
       head(client, "a%22b%0D%0A", "q%22\xc3\xa4.txt", "text/plain") + "x|" +
           head(client, "a", "q\"w.txt", "text/plain") + "y|."});
  return made;
}

TEST(Documents, VER_012_forms_of_browsers_are_the_same_at_every_split) {
  std::size_t count = 0;
  for (const Client& client : clients) {
    for (const Document& document : documents_of(client)) {
      EXPECT_EQ(heard_at_every_split(document.boundary, document.body), document.heard)
          << client.name << ": " << document.name;
      ++count;
    }
  }
  EXPECT_GE(count, 40u);
}

TEST(Documents, VER_012_content_that_looks_like_delimiters) {
  const Client& client = clients[0];
  const std::string boundary(client.boundary);
  const std::string end = "--" + boundary + "--";
  for (const std::string& content :
       {"--" + boundary, "\n--" + boundary, "\r--" + boundary, "\r\n-" + boundary,
        "\r\n--" + boundary.substr(1), "\r\n--" + boundary.substr(0, boundary.size() - 1),
        "\r\n--" + boundary.substr(0, 8) + "\r\n--" + boundary.substr(0, 12), std::string("\r\r\r"),
        std::string("\r\n\r\n"), std::string("\r\n--\r\n--"), "x\r\n" + boundary,
        "\r\r\n--" + boundary.substr(0, 20) + "\r", std::string(300, '\r'),
        std::string(300, '-')}) {
    EXPECT_EQ(heard_at_every_split(boundary, part(client, "a", content) + end),
              head(client, "a") + content + "|.");
  }
}

}  // namespace
}  // namespace pelton::http
