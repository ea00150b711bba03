// What the clients of long-lived answers share: errors, clocks, a connection, and the lines by
// which they are told to go on.
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { connections_max = 4096, events_max = 256, read_bytes = 1 << 18 };

_Noreturn static inline void fail(const char* what) {
  perror(what);
  exit(1);
}

_Noreturn static inline void give_up(const char* why) {
  fprintf(stderr, "%s\n", why);
  exit(1);
}

static inline uint64_t clock_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline int connected(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  if (descriptor < 0) fail("socket");
  if (connect(descriptor, (struct sockaddr*)&address, sizeof address) != 0) fail("connect");
  int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return descriptor;
}

static inline void send_all(int descriptor, const char* octets, size_t count) {
  while (count > 0) {
    ssize_t sent = send(descriptor, octets, count, MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) fail("send");
    if (sent <= 0) continue;
    octets += sent;
    count -= (size_t)sent;
  }
}

static inline void send_request(int descriptor, const char* path, const char* fields) {
  char head[512];
  int length =
      snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n", path, fields);
  send_all(descriptor, head, (size_t)length);
}

// Blocks for the head of an answer and takes not an octet more. Returns its status.
static inline int receive_head(int descriptor, char* head, size_t capacity) {
  size_t length = 0;
  while (length < 4 || memcmp(head + length - 4, "\r\n\r\n", 4) != 0) {
    if (length + 1 == capacity) give_up("the head of an answer is too long");
    ssize_t count = recv(descriptor, head + length, 1, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail("recv of a head");
    ++length;
  }
  head[length] = 0;
  return atoi(head + sizeof "HTTP/1.1");
}

static inline void watch(int poller, int descriptor, void* owner) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = owner};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) != 0) fail("epoll_ctl");
}

// A line on standard input is a number of microseconds to go on for; answered with what was done in
// them and the nanoseconds of CPU time that took here.
static inline void answer_lines(uint64_t (*run)(uint64_t duration_ns)) {
  puts("0");
  fflush(stdout);
  char line[64];
  while (fgets(line, sizeof line, stdin) != NULL) {
    uint64_t before_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t done = run(strtoull(line, NULL, 10) * 1000u);
    printf("%llu %llu\n", (unsigned long long)done,
           (unsigned long long)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - before_ns));
    fflush(stdout);
  }
}
