// Reads streamed answers to their end, one after the other on every connection.
//
//   stream_client PORT CONNECTIONS PATH MINIMUM
//
// An answer ends with the last chunk (RFC 9112 section 7.1) and has at least MINIMUM octets.
// Counted are KiB received.
#include "client.h"

static const char last_chunk[] = "\r\n0\r\n\r\n";
enum { tail_bytes = sizeof last_chunk - 1 };

struct connection {
  int descriptor;
  uint64_t received;
  char tail[tail_bytes];
};

static struct connection connections[connections_max];
static unsigned connection_count;
static const char* path;
static uint64_t minimum;
static char read_buffer[read_bytes];
static int poller;

static void begin(struct connection* one) {
  one->received = 0;
  memset(one->tail, 0, sizeof one->tail);
  send_request(one->descriptor, path, "");
}

// Keeps the last octets, over the borders of what came.
static void remember(struct connection* one, size_t count) {
  if (count >= tail_bytes) {
    memcpy(one->tail, read_buffer + count - tail_bytes, tail_bytes);
  } else {
    memmove(one->tail, one->tail + count, tail_bytes - count);
    memcpy(one->tail + tail_bytes - count, read_buffer, count);
  }
}

static uint64_t run(uint64_t duration_ns) {
  uint64_t deadline_ns = clock_ns(CLOCK_MONOTONIC) + duration_ns;
  uint64_t octets = 0;
  unsigned under_way = connection_count;
  for (unsigned index = 0; index < connection_count; ++index) begin(&connections[index]);
  while (under_way > 0) {
    struct epoll_event events[events_max];
    int ready = epoll_wait(poller, events, events_max, 10000);
    if (ready == 0) give_up("nothing came for ten seconds");
    bool over = clock_ns(CLOCK_MONOTONIC) >= deadline_ns;
    for (int index = 0; index < ready; ++index) {
      struct connection* one = events[index].data.ptr;
      ssize_t count = recv(one->descriptor, read_buffer, sizeof read_buffer, MSG_DONTWAIT);
      if (count < 0 && errno == EAGAIN) continue;
      if (count <= 0) fail("recv of a stream");
      one->received += (uint64_t)count;
      octets += (uint64_t)count;
      remember(one, (size_t)count);
      if (memcmp(one->tail, last_chunk, tail_bytes) != 0) continue;
      if (one->received < minimum) give_up("a stream ended too soon");
      if (over) {
        --under_way;
      } else {
        begin(one);
      }
    }
  }
  return octets >> 10;
}

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  connection_count = (unsigned)atoi(argv[2]);
  path = argv[3];
  minimum = strtoull(argv[4], NULL, 10);
  if (connection_count == 0 || connection_count > connections_max) return 2;
  poller = epoll_create1(0);
  for (unsigned index = 0; index < connection_count; ++index) {
    connections[index].descriptor = connected(atoi(argv[1]));
    watch(poller, connections[index].descriptor, &connections[index]);
  }
  answer_lines(run);
  return 0;
}
