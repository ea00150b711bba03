#include "answer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

static const char* const mode_names[] = {"keep", "body", "once"};

static void make_answer(struct Answer* answer, const char* body) {
  char one[8192];
  const int bytes =
      snprintf(one, sizeof one,
               "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
               "Content-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n%s",
               strlen(body), answer->mode == mode_once ? "Connection: close\r\n" : "", body);
  answer->bytes = (size_t)bytes;
  answer->copies = malloc(answer->bytes * answers_per_send_max);
  for (size_t i = 0; i < answers_per_send_max; ++i) {
    memcpy(answer->copies + i * answer->bytes, one, answer->bytes);
  }
  answer->date = strstr(answer->copies, "Thu, ");
  answer->date_seconds = 0;
}

int start(int count, char** words, struct Answer* answer, bool blocking) {
  bool known = false;
  for (int mode = mode_keep; count == 4 && mode <= mode_once; ++mode) {
    if (strcmp(words[2], mode_names[mode]) == 0) {
      answer->mode = (enum Mode)mode;
      known = true;
    }
  }
  if (!known || strlen(words[3]) > 4096) {
    fprintf(stderr, "usage: %s PORT keep|body|once BODY\n", words[0]);
    exit(2);
  }
  make_answer(answer, words[3]);
  const int listener = socket(AF_INET, SOCK_STREAM | (blocking ? 0 : SOCK_NONBLOCK), 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // accepted sockets inherit it
  const struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons((unsigned short)atoi(words[1])),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(listener, (const struct sockaddr*)&address, sizeof address) != 0 ||
      listen(listener, 4096) != 0) {
    perror("listen");
    exit(3);
  }
  return listener;
}

void renew_date(struct Answer* answer) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec == answer->date_seconds) return;
  answer->date_seconds = now.tv_sec;
  struct tm parts;
  gmtime_r(&now.tv_sec, &parts);
  char text[30];
  strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  for (size_t i = 0; i < answers_per_send_max; ++i) {
    memcpy(answer->date + i * answer->bytes, text, 29);
  }
}

size_t count_requests(enum Mode mode, const char* input, size_t bytes, size_t* taken) {
  const char* const end = input + bytes;
  const char* cursor = input;
  size_t count = 0;
  while (count < answers_per_send_max) {
    const char* blank = memmem(cursor, (size_t)(end - cursor), "\r\n\r\n", 4);
    if (blank == NULL) break;
    const char* next = blank + 4;
    if (mode == mode_body) {
      static const char name[] = "\r\nContent-Length: ";
      const char* field = memmem(cursor, (size_t)(blank - cursor), name, sizeof name - 1);
      if (field != NULL) next += strtoul(field + sizeof name - 1, NULL, 10);
      if (next > end) break;
    }
    cursor = next;
    ++count;
  }
  *taken = (size_t)(cursor - input);
  return count;
}
