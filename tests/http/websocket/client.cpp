#include "client.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

namespace pelton::http::websocket {

std::string frame(const ClientFrame& frame) {
  constexpr std::string_view key = "\x37\xfa\x21\x3d";
  const std::size_t bytes = frame.payload.size();
  std::string octets;
  octets += static_cast<char>((frame.final ? 0x80 : 0) | frame.reserved << 4 | frame.opcode);
  unsigned length_bytes = bytes <= 125 ? 0 : bytes <= 0xFFFF ? 2 : 8;
  if (frame.length_bytes != 0) length_bytes = frame.length_bytes;
  const unsigned first = length_bytes == 0   ? static_cast<unsigned>(bytes)
                         : length_bytes == 2 ? 126
                                             : 127;
  octets += static_cast<char>((frame.masked ? 0x80 : 0) | first);
  for (unsigned left = length_bytes; left-- > 0;) {
    octets += static_cast<char>(bytes >> (8 * left));
  }
  if (!frame.masked) return octets.append(frame.payload);
  octets += key;
  for (std::size_t index = 0; index < bytes; ++index) {
    octets += static_cast<char>(frame.payload[index] ^ key[index % 4]);
  }
  return octets;
}

std::string close(unsigned code, std::string_view reason) {
  std::string payload;
  if (code != 0) {
    payload += static_cast<char>(code >> 8);
    payload += static_cast<char>(code & 0xFF);
  }
  payload += reason;
  return frame({.opcode = 8, .payload = payload});
}

std::vector<ServerFrame> frames_in(std::string_view octets) {
  std::vector<ServerFrame> frames;
  while (!octets.empty()) {
    const auto at = [&](std::size_t index) {
      return static_cast<unsigned char>(index < octets.size() ? octets[index] : 0);
    };
    EXPECT_EQ(at(0) & 0xB0, 0x80);
    EXPECT_LT(at(1), 0x80);
    std::size_t head_bytes = 2;
    std::uint64_t payload_bytes = at(1);
    if (payload_bytes >= 126) {
      head_bytes = payload_bytes == 126 ? 4 : 10;
      payload_bytes = 0;
      for (std::size_t index = 2; index < head_bytes; ++index) {
        payload_bytes = payload_bytes << 8 | at(index);
      }
      EXPECT_GT(payload_bytes, head_bytes == 4 ? 125u : 0xFFFFu);
    }
    if (octets.size() < head_bytes + payload_bytes) {
      ADD_FAILURE() << "half a frame";
      return frames;
    }
    frames.push_back({.opcode = at(0) & 0x0Fu,
                      .deflated = (at(0) & 0x40) != 0,
                      .payload = std::string(octets.substr(head_bytes, payload_bytes))});
    octets.remove_prefix(head_bytes + payload_bytes);
  }
  return frames;
}

std::string told(std::string_view octets) {
  std::string line;
  for (const ServerFrame& one : frames_in(octets)) {
    if (!line.empty()) line += ' ';
    const std::string payload = one.deflated ? inflated(one.payload) : one.payload;
    if (one.deflated) line += 'z';
    switch (one.opcode) {
      case 1:
        line += "text:" + payload;
        break;
      case 2:
        line += "binary:" + payload;
        break;
      case 8:
        line += "close:";
        if (payload.size() >= 2) {
          line += std::to_string(static_cast<unsigned char>(payload[0]) << 8 |
                                 static_cast<unsigned char>(payload[1])) +
                  payload.substr(2);
        }
        break;
      case 9:
        line += "ping:" + payload;
        break;
      case 10:
        line += "pong:" + payload;
        break;
      default:
        ADD_FAILURE() << one.opcode;
    }
  }
  return line;
}

std::string deflated(std::string_view message, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, -window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string octets(deflateBound(&stream, message.size()) + 16, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(message.data()));
  stream.avail_in = static_cast<uInt>(message.size());
  stream.next_out = reinterpret_cast<Bytef*>(octets.data());
  stream.avail_out = static_cast<uInt>(octets.size());
  EXPECT_EQ(deflate(&stream, Z_SYNC_FLUSH), Z_OK);
  deflateEnd(&stream);
  return octets.substr(0, octets.size() - stream.avail_out - 4);
}

std::string inflated(std::string_view octets, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, -window_bits), Z_OK);
  std::string input(octets);
  input.append("\x00\x00\xff\xff", 4);
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  std::string message;
  std::string piece(4096, '\0');
  do {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int result = inflate(&stream, Z_SYNC_FLUSH);
    EXPECT_TRUE(result == Z_OK || result == Z_BUF_ERROR) << result;
    message.append(piece, 0, piece.size() - stream.avail_out);
  } while (stream.avail_out == 0);
  inflateEnd(&stream);
  return message;
}

std::string handshake(std::string_view path, std::string_view lines) {
  std::string request = "GET ";
  request.append(path).append(
      " HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
  request.append(lines).append("\r\n");
  return request;
}

}  // namespace pelton::http::websocket
