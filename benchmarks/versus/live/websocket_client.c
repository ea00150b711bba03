// Sends a message on every WebSocket, and the next one when its echo is back (RFC 6455, 7692).
//
//   websocket_client PORT CONNECTIONS BYTES plain|deflate
//
// The message is JSON-like text. The first echo of each connection is compared octet by octet; the
// others are counted by their frames.
#include <zlib.h>

#include "client.h"

struct connection {
  int descriptor;
  bool is_new;         // its first echo is still to be compared
  size_t head_length;  // of the frame that is arriving
  unsigned char head[10];
  uint64_t payload_left;  // ~0 while the head is incomplete
  bool is_compressed;
  char* first;
  size_t first_length;
};

static struct connection connections[connections_max];
static unsigned connection_count;
static char* message;
static size_t message_bytes;
static unsigned char* frame;  // the message, masked, as it goes out
static size_t frame_bytes;
static char read_buffer[read_bytes];
static int poller;

static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};

static size_t deflated(const char* plain, size_t count, unsigned char* out, size_t capacity) {
  z_stream stream = {0};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -12, 5, Z_DEFAULT_STRATEGY) != Z_OK)
    give_up("deflateInit2");
  stream.next_in = (unsigned char*)plain;
  stream.avail_in = (unsigned)count;
  stream.next_out = out;
  stream.avail_out = (unsigned)capacity;
  if (deflate(&stream, Z_SYNC_FLUSH) != Z_OK || stream.avail_out == 0) give_up("deflate");
  size_t length = capacity - stream.avail_out - 4;  // without 00 00 ff ff (RFC 7692 section 7.2.1)
  deflateEnd(&stream);
  return length;
}

static void make_frame(bool compressed) {
  message = malloc(message_bytes);
  static const char pattern[] =
      "{\"id\":%05zu,\"name\":\"bucket %zu\",\"level\":%zu.5,\"full\":false},";
  for (size_t length = 0, number = 0; length < message_bytes; ++number) {
    char entry[128];
    size_t count =
        (size_t)snprintf(entry, sizeof entry, pattern, number, number * 7919 % 997, number % 89);
    if (count > message_bytes - length) count = message_bytes - length;
    memcpy(message + length, entry, count);
    length += count;
  }
  size_t capacity = message_bytes * 2 + 64;
  unsigned char* payload = malloc(capacity);
  size_t length = message_bytes;
  if (compressed) {
    length = deflated(message, message_bytes, payload, capacity);
  } else {
    memcpy(payload, message, message_bytes);
  }
  frame = malloc(length + 14);
  size_t at = 0;
  frame[at++] = (unsigned char)(compressed ? 0xc1 : 0x81);
  if (length < 126) {
    frame[at++] = (unsigned char)(0x80 | length);
  } else if (length < 1 << 16) {
    frame[at++] = 0x80 | 126;
    frame[at++] = (unsigned char)(length >> 8);
    frame[at++] = (unsigned char)length;
  } else {
    frame[at++] = 0x80 | 127;
    for (int shift = 56; shift >= 0; shift -= 8)
      frame[at++] = (unsigned char)((uint64_t)length >> shift);
  }
  memcpy(frame + at, mask, sizeof mask);
  at += sizeof mask;
  for (size_t index = 0; index < length; ++index)
    frame[at + index] = payload[index] ^ mask[index % 4];
  frame_bytes = at + length;
  free(payload);
}

// Compares what the first echo carried with what was sent.
static void compare(struct connection* one) {
  if (!one->is_compressed) {
    if (one->first_length != message_bytes || memcmp(one->first, message, message_bytes) != 0)
      give_up("another echo than what was sent");
  } else {
    char* plain = malloc(message_bytes + 1);
    z_stream stream = {0};
    if (inflateInit2(&stream, -15) != Z_OK) give_up("inflateInit2");
    memcpy(one->first + one->first_length, "\0\0\xff\xff", 4);
    stream.next_in = (unsigned char*)one->first;
    stream.avail_in = (unsigned)one->first_length + 4;
    stream.next_out = (unsigned char*)plain;
    stream.avail_out = (unsigned)message_bytes + 1;
    int verdict = inflate(&stream, Z_SYNC_FLUSH);
    if ((verdict != Z_OK && verdict != Z_BUF_ERROR) || stream.avail_out != 1 ||
        memcmp(plain, message, message_bytes) != 0)
      give_up("another compressed echo than what was sent");
    inflateEnd(&stream);
    free(plain);
  }
  one->is_new = false;
  free(one->first);
}

static size_t wanted_head(const struct connection* one) {
  if (one->head_length < 2) return 2;
  unsigned length = one->head[1] & 0x7f;
  return length == 127 ? 10 : length == 126 ? 4 : 2;
}

static void read_head(struct connection* one) {
  unsigned opcode = one->head[0] & 0x0f;
  if (opcode != 1) give_up("a frame that is no text");
  if (!(one->head[0] & 0x80)) give_up("a fragment, where a whole message was expected");
  one->is_compressed = (one->head[0] & 0x40) != 0;
  unsigned length = one->head[1] & 0x7f;
  one->payload_left = length;
  if (length >= 126) {
    one->payload_left = 0;
    for (size_t at = 2; at < one->head_length; ++at)
      one->payload_left = one->payload_left << 8 | one->head[at];
  }
  if (one->is_new) {
    one->first = malloc((size_t)one->payload_left + 4);
    one->first_length = 0;
  }
}

// True when an echo is back whole.
static bool receive_more(struct connection* one) {
  ssize_t count = recv(one->descriptor, read_buffer, sizeof read_buffer, MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return false;
  if (count <= 0) fail("recv");
  size_t at = 0, end = (size_t)count;
  while (at < end) {
    if (one->payload_left == ~0ull) {
      one->head[one->head_length++] = (unsigned char)read_buffer[at++];
      if (one->head_length < 2 || one->head_length < wanted_head(one)) continue;
      read_head(one);
    }
    size_t taken = end - at < one->payload_left ? end - at : (size_t)one->payload_left;
    if (one->is_new) {
      memcpy(one->first + one->first_length, read_buffer + at, taken);
      one->first_length += taken;
    }
    at += taken;
    one->payload_left -= taken;
    if (one->payload_left == 0) {
      if (at != end) give_up("more than the echo came back");
      if (one->is_new) compare(one);
      one->head_length = 0;
      one->payload_left = ~0ull;
      return true;
    }
  }
  return false;
}

static uint64_t run(uint64_t duration_ns) {
  uint64_t deadline_ns = clock_ns(CLOCK_MONOTONIC) + duration_ns;
  uint64_t done = 0;
  unsigned under_way = connection_count;
  for (unsigned index = 0; index < connection_count; ++index)
    send_all(connections[index].descriptor, (char*)frame, frame_bytes);
  while (under_way > 0) {
    struct epoll_event events[events_max];
    int ready = epoll_wait(poller, events, events_max, 10000);
    if (ready == 0) give_up("no echo for ten seconds");
    bool over = clock_ns(CLOCK_MONOTONIC) >= deadline_ns;
    for (int index = 0; index < ready; ++index) {
      struct connection* one = events[index].data.ptr;
      if (!receive_more(one)) continue;
      ++done;
      if (over) {
        --under_way;
      } else {
        send_all(one->descriptor, (char*)frame, frame_bytes);
      }
    }
  }
  return done;
}

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  connection_count = (unsigned)atoi(argv[2]);
  message_bytes = (size_t)atol(argv[3]);
  bool compressed = strcmp(argv[4], "deflate") == 0;
  if (connection_count == 0 || connection_count > connections_max || message_bytes == 0) return 2;
  make_frame(compressed);
  poller = epoll_create1(0);
  for (unsigned index = 0; index < connection_count; ++index) {
    struct connection* one = &connections[index];
    one->descriptor = connected(atoi(argv[1]));
    one->is_new = true;
    one->payload_left = ~0ull;
    char head[4096];
    send_request(one->descriptor, "/echo",
                 compressed
                     ? "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                       "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
                       "client_no_context_takeover\r\n"
                     : "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    if (receive_head(one->descriptor, head, sizeof head) != 101) give_up("the upgrade was refused");
    if (strcasestr(head, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") == NULL)
      give_up("a wrong Sec-WebSocket-Accept");
    if (compressed && strcasestr(head, "permessage-deflate") == NULL)
      give_up("permessage-deflate was not taken");
    watch(poller, one->descriptor, one);
  }
  answer_lines(run);
  return 0;
}
