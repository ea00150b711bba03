// Asks echo servers for their echo: a message out on every connection, the next one when it is back
// whole.
//
//   echo_client PORT CONNECTIONS BYTES
//
// Each line on standard input is a number of microseconds to go on for; it answers with the
// messages that came back and the nanoseconds of CPU time it took itself. Between lines nothing is
// on its way.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { connections_max = 1024, events_max = 64, read_bytes = 1 << 18 };

struct connection {
  int descriptor;
  size_t sent;
  size_t received;
  bool waits_to_write;
};

static struct connection connections[connections_max];
static char* message;
static size_t message_bytes;
static char read_buffer[read_bytes];
static int poller;

static void fail(const char* what) {
  perror(what);
  exit(1);
}

static uint64_t clock_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void watch(struct connection* one, bool for_writing) {
  struct epoll_event event = {.events = EPOLLIN | (for_writing ? (uint32_t)EPOLLOUT : 0u)};
  event.data.ptr = one;
  if (epoll_ctl(poller, EPOLL_CTL_MOD, one->descriptor, &event) != 0) fail("epoll_ctl");
  one->waits_to_write = for_writing;
}

static void send_more(struct connection* one) {
  while (one->sent < message_bytes) {
    ssize_t count = send(one->descriptor, message + one->sent, message_bytes - one->sent,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) {
      if (errno != EAGAIN) fail("send");
      if (!one->waits_to_write) watch(one, true);
      return;
    }
    one->sent += (size_t)count;
  }
  if (one->waits_to_write) watch(one, false);
}

// True when the message is back whole.
static bool receive_more(struct connection* one) {
  ssize_t count = recv(one->descriptor, read_buffer, sizeof read_buffer, MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return false;
  if (count <= 0) fail("recv");
  if (memcmp(read_buffer, message + one->received, (size_t)count) != 0) {
    fputs("another echo than what was sent\n", stderr);
    exit(1);
  }
  one->received += (size_t)count;
  return one->received == message_bytes;
}

static void begin(struct connection* one) {
  one->sent = one->received = 0;
  send_more(one);
}

static uint64_t run(unsigned count, uint64_t duration_ns) {
  uint64_t deadline_ns = clock_ns(CLOCK_MONOTONIC) + duration_ns;
  uint64_t done = 0;
  unsigned under_way = count;
  for (unsigned index = 0; index < count; ++index) begin(&connections[index]);
  while (under_way > 0) {
    struct epoll_event events[events_max];
    int ready = epoll_wait(poller, events, events_max, -1);
    bool over = clock_ns(CLOCK_MONOTONIC) >= deadline_ns;
    for (int index = 0; index < ready; ++index) {
      struct connection* one = events[index].data.ptr;
      if (events[index].events & EPOLLOUT) send_more(one);
      if (!(events[index].events & ~(uint32_t)EPOLLOUT) || !receive_more(one)) continue;
      ++done;
      if (over) {
        --under_way;
      } else {
        begin(one);
      }
    }
  }
  return done;
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  unsigned count = (unsigned)atoi(argv[2]);
  message_bytes = (size_t)atol(argv[3]);
  if (count == 0 || count > connections_max || message_bytes == 0) return 2;
  message = malloc(message_bytes + read_bytes);
  for (size_t index = 0; index < message_bytes; ++index) message[index] = (char)('a' + index % 23);
  poller = epoll_create1(0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (unsigned index = 0; index < count; ++index) {
    struct connection* one = &connections[index];
    one->descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(one->descriptor, (struct sockaddr*)&address, sizeof address) != 0) fail("connect");
    int on = 1;
    setsockopt(one->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = one};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, one->descriptor, &event) != 0) fail("epoll_ctl");
  }
  char line[64];
  while (fgets(line, sizeof line, stdin) != NULL) {
    uint64_t before_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t done = run(count, strtoull(line, NULL, 10) * 1000u);
    printf("%llu %llu\n", (unsigned long long)done,
           (unsigned long long)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - before_ns));
    fflush(stdout);
  }
  return 0;
}
