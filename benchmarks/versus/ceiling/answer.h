// What both bare servers answer: prebuilt copies of one response with a Date of this second.
// They find blank lines and, for bodies, Content-Length; nothing else of HTTP.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum { answers_per_send_max = 64, input_bytes_max = 65536, descriptors_max = 65536 };

// keep: bodiless requests. body: skips Content-Length octets after each head. once: one answer,
// then the connection is closed.
enum Mode { mode_keep, mode_body, mode_once };

struct Answer {
  enum Mode mode;
  size_t bytes;  // of one copy
  char* copies;  // answers_per_send_max of them, one after the other
  char* date;    // in the first copy
  time_t date_seconds;
};

// Octets of an unfinished request, kept until the rest arrives.
struct Rest {
  size_t bytes;
  char* octets;
};

// Reads `PORT MODE BODY` and returns a listening socket; ends the process with a usage line if
// wrong.
int start(int count, char** words, struct Answer* answer, bool blocking);

// Once a turn: renews the Date when the second has changed.
void renew_date(struct Answer* answer);

// Counts the complete requests in the input and stores how many octets they take.
size_t count_requests(enum Mode mode, const char* input, size_t bytes, size_t* taken);
