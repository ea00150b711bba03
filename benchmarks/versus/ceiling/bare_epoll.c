// The least an epoll server can do: one read and one send per connection and turn.
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answer.h"

static struct Rest rests[descriptors_max];

static void forget(int descriptor) {
  free(rests[descriptor].octets);
  rests[descriptor] = (struct Rest){0};
  close(descriptor);
}

static void keep_rest(struct Rest* rest, const char* octets, size_t bytes) {
  if (bytes != 0) {
    if (rest->octets == NULL) rest->octets = malloc(input_bytes_max);
    memcpy(rest->octets, octets, bytes);
  }
  rest->bytes = bytes;
}

static void answer_input(struct Answer* answer, int descriptor) {
  static char input[input_bytes_max];
  struct Rest* rest = &rests[descriptor];
  if (rest->bytes != 0) memcpy(input, rest->octets, rest->bytes);
  const ssize_t got = recv(descriptor, input + rest->bytes, sizeof input - rest->bytes, 0);
  if (got <= 0) {
    forget(descriptor);
    return;
  }
  size_t held = rest->bytes + (size_t)got;
  size_t taken = 0;
  for (size_t begin = 0;; begin += taken, held -= taken) {
    const size_t count = count_requests(answer->mode, input + begin, held, &taken);
    if (count == 0) {
      keep_rest(rest, input + begin, held);
      return;
    }
    const size_t bytes = count * answer->bytes;
    // A peer that lets a few kilobytes pile up is no part of any question: it is dropped.
    if (send(descriptor, answer->copies, bytes, MSG_NOSIGNAL) != (ssize_t)bytes ||
        answer->mode == mode_once) {
      forget(descriptor);
      return;
    }
  }
}

int main(int count, char** words) {
  struct Answer answer;
  const int listener = start(count, words, &answer, false);
  const int poll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    struct epoll_event events[256];
    const int ready = epoll_wait(poll, events, 256, -1);
    renew_date(&answer);
    for (int i = 0; i < ready; ++i) {
      if (events[i].data.fd != listener) {
        answer_input(&answer, events[i].data.fd);
        continue;
      }
      int descriptor;
      while ((descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        event.data.fd = descriptor;
        epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event);
      }
    }
  }
}
