// Has an event sent to every listener of /events, and the next one when all have it.
//
//   sse_client PORT LISTENERS
//
// An event is asked for by GET /publish, on a connection of its own. Counted are events received.
#include "client.h"

struct listener {
  int descriptor;
  unsigned matched;  // octets of `mark` that what has come ends with
};

static struct listener listeners[connections_max];
static unsigned listener_count;
static int publisher;
static int poller;
static char read_buffer[read_bytes];

// Each event has one line of data; comments, which keep a connection alive, have none.
static const char mark[] = "data:";

static unsigned events_of(struct listener* one) {
  ssize_t count = recv(one->descriptor, read_buffer, sizeof read_buffer, MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return 0;
  if (count <= 0) fail("recv of events");
  unsigned found = 0;
  for (ssize_t at = 0; at < count; ++at) {
    char octet = read_buffer[at];
    one->matched = octet == mark[one->matched] ? one->matched + 1 : octet == mark[0];
    if (one->matched < sizeof mark - 1) continue;
    one->matched = 0;
    ++found;
  }
  return found;
}

static void publish(void) {
  char head[4096];
  send_request(publisher, "/publish", "");
  if (receive_head(publisher, head, sizeof head) != 200) give_up("/publish was refused");
  const char* field = strcasestr(head, "content-length:");
  if (field == NULL) give_up("/publish has no Content-Length");
  char body[256];
  size_t left = strtoul(field + sizeof "content-length:" - 1, NULL, 10);
  if (left > sizeof body) give_up("/publish says too much");
  while (left > 0) {
    ssize_t count = recv(publisher, body, left, 0);
    if (count <= 0) fail("recv");
    left -= (size_t)count;
  }
}

static void one_event(void) {
  unsigned missing = listener_count;
  publish();
  while (missing > 0) {
    struct epoll_event events[events_max];
    int ready = epoll_wait(poller, events, events_max, 10000);
    if (ready == 0) give_up("an event did not come for ten seconds");
    for (int index = 0; index < ready; ++index) {
      unsigned came = events_of(events[index].data.ptr);
      if (came > missing) give_up("more events than were published");
      missing -= came;
    }
  }
}

static uint64_t run(uint64_t duration_ns) {
  uint64_t deadline_ns = clock_ns(CLOCK_MONOTONIC) + duration_ns;
  uint64_t done = 0;
  do {
    one_event();
    done += listener_count;
  } while (clock_ns(CLOCK_MONOTONIC) < deadline_ns);
  return done;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  int port = atoi(argv[1]);
  listener_count = (unsigned)atoi(argv[2]);
  if (listener_count == 0 || listener_count > connections_max) return 2;
  poller = epoll_create1(0);
  for (unsigned index = 0; index < listener_count; ++index) {
    struct listener* one = &listeners[index];
    one->descriptor = connected(port);
    send_request(one->descriptor, "/events", "Accept: text/event-stream\r\n");
    watch(poller, one->descriptor, one);
  }
  // The first event of each says that its listener is there: /events begins with one.
  for (unsigned present = 0; present < listener_count;) {
    struct epoll_event events[events_max];
    int ready = epoll_wait(poller, events, events_max, 20000);
    if (ready == 0) give_up("a listener was not greeted");
    for (int index = 0; index < ready; ++index) present += events_of(events[index].data.ptr);
  }
  publisher = connected(port);
  answer_lines(run);
  return 0;
}
