// The least an io_uring server can do: multishot accept and receive, one send per receive, one
// system call per turn, with the set-up flags that pelton settles on.
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answer.h"

enum { buffer_count = 1024, buffer_bytes = 4096, group = 0, entries = 1024 };
enum Kind { kind_accept, kind_receive, kind_send };

static struct Rest rests[descriptors_max];
static struct io_uring ring;
static struct io_uring_buf_ring* buffers;
static char* slab;

static struct io_uring_sqe* prepare(enum Kind kind, int descriptor) {
  struct io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  if (sqe == NULL) {
    io_uring_submit(&ring);
    sqe = io_uring_get_sqe(&ring);
  }
  // The preparation that follows leaves user_data alone.
  io_uring_sqe_set_data64(sqe, (unsigned long long)kind << 32 | (unsigned)descriptor);
  return sqe;
}

static void arm_accept(int listener) {
  io_uring_prep_multishot_accept(prepare(kind_accept, listener), listener, NULL, NULL, 0);
}

static void arm_receive(int descriptor) {
  struct io_uring_sqe* sqe = prepare(kind_receive, descriptor);
  io_uring_prep_recv_multishot(sqe, descriptor, NULL, 0, 0);
  sqe->flags |= IOSQE_BUFFER_SELECT;
  sqe->buf_group = group;
}

static void send_answers(struct Answer* answer, int descriptor, size_t count) {
  struct io_uring_sqe* sqe = prepare(kind_send, descriptor);
  io_uring_prep_send(sqe, descriptor, answer->copies, count * answer->bytes,
                     MSG_NOSIGNAL | MSG_WAITALL);
  if (answer->mode != mode_once) sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

static void forget(int descriptor) {
  free(rests[descriptor].octets);
  rests[descriptor] = (struct Rest){0};
  close(descriptor);
}

static void answer_input(struct Answer* answer, int descriptor, const char* octets, size_t bytes) {
  struct Rest* rest = &rests[descriptor];
  size_t taken = 0;
  if (rest->bytes != 0 && rest->bytes + bytes <= input_bytes_max) {
    memcpy(rest->octets + rest->bytes, octets, bytes);
    octets = rest->octets;
    bytes += rest->bytes;
  }
  size_t count;
  while ((count = count_requests(answer->mode, octets, bytes, &taken)) != 0) {
    send_answers(answer, descriptor, count);
    octets += taken;
    bytes -= taken;
  }
  if (bytes != 0) {
    if (rest->octets == NULL) rest->octets = malloc(input_bytes_max);
    memmove(rest->octets, octets, bytes);
  }
  rest->bytes = bytes;
}

static void complete(struct Answer* answer, const struct io_uring_cqe* cqe) {
  const enum Kind kind = (enum Kind)(cqe->user_data >> 32);
  const int descriptor = (int)(unsigned)cqe->user_data;
  if (kind == kind_accept) {
    if (cqe->res >= 0) arm_receive(cqe->res);
    if (!(cqe->flags & IORING_CQE_F_MORE)) arm_accept(descriptor);
  } else if (kind == kind_receive) {
    if (cqe->res > 0) {
      const unsigned short id = (unsigned short)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
      char* const buffer = slab + (size_t)id * buffer_bytes;
      answer_input(answer, descriptor, buffer, (size_t)cqe->res);
      io_uring_buf_ring_add(buffers, buffer, buffer_bytes, id, io_uring_buf_ring_mask(buffer_count),
                            0);
      io_uring_buf_ring_advance(buffers, 1);
    }
    if (cqe->flags & IORING_CQE_F_MORE) return;
    if (cqe->res > 0 || cqe->res == -ENOBUFS) {
      arm_receive(descriptor);
    } else {
      forget(descriptor);
    }
  } else {
    // Only mode_once is told of its sends. The armed receive holds the socket, so closing would say
    // nothing: say the end, and close when the peer has said its own. A submitted shutdown is
    // always given to a worker thread, which costs more than this call.
    shutdown(descriptor, SHUT_WR);
  }
}

static void open_ring(void) {
  struct io_uring_params parameters = {
      .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
               IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL,
      .cq_entries = 8 * entries};
  const int error = io_uring_queue_init_params(entries, &ring, &parameters);
  if (error != 0) {
    fprintf(stderr, "io_uring_queue_init: %s\n", strerror(-error));
    exit(3);
  }
  io_uring_register_ring_fd(&ring);
  const size_t ring_bytes = buffer_count * sizeof(struct io_uring_buf);
  char* memory = mmap(NULL, ring_bytes + (size_t)buffer_count * buffer_bytes,
                      PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  buffers = (struct io_uring_buf_ring*)(void*)memory;
  slab = memory + ring_bytes;
  struct io_uring_buf_reg registration = {
      .ring_addr = (unsigned long long)memory, .ring_entries = buffer_count, .bgid = group};
  io_uring_register_buf_ring(&ring, &registration, 0);
  io_uring_buf_ring_init(buffers);
  for (int i = 0; i < buffer_count; ++i) {
    io_uring_buf_ring_add(buffers, slab + (size_t)i * buffer_bytes, buffer_bytes, (unsigned short)i,
                          io_uring_buf_ring_mask(buffer_count), i);
  }
  io_uring_buf_ring_advance(buffers, buffer_count);
}

int main(int count, char** words) {
  struct Answer answer;
  const int listener = start(count, words, &answer, true);
  open_ring();
  arm_accept(listener);
  for (;;) {
    io_uring_submit_and_wait(&ring, 1);
    renew_date(&answer);
    struct io_uring_cqe* cqe;
    unsigned head;
    unsigned reaped = 0;
    io_uring_for_each_cqe(&ring, head, cqe) {
      complete(&answer, cqe);
      ++reaped;
    }
    io_uring_cq_advance(&ring, reaped);
  }
}
