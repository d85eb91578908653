/*
 * The near side of h5_reader.h: starts the child, sends requests, waits for answers.
 *
 * The child is forked and not executed anew, so that programs of any name can use the library. It
 * uses nothing of its parent but the memory it was born with, and closes all files. A wait looks at
 * the wish to stop five times a second, whether or not the signal interrupts it.
 */

#include "h5_reader.h"

#include "h5_serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct hrs_h5_reader {
  char *path;
  pid_t child; /* 0: dead */
  bool crashed;
  int socket;
};

/* ---- the child's life ----------------------------------------------------------------------- */

static hrs_status start(hrs_h5_reader *reader) {
  int ends[2];
  HRS_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, IO,
              "%s: no connection to a process that reads it: %s", reader->path, strerror(errno));
  pid_t child = fork();
  if (child == 0) hrs_h5_serve(reader->path, ends[1]);
  int error = errno;
  close(ends[1]);
  if (child < 0) close(ends[0]);
  HRS_REQUIRE(child > 0, IO, "%s: no process can be started to read it: %s", reader->path,
              strerror(error));
  reader->child = child;
  reader->socket = ends[0];
  return HRS_OK;
}

/* Wait for its end; how it ended. */
static int reap(hrs_h5_reader *reader) {
  int how = 0;
  while (waitpid(reader->child, &how, 0) < 0 && errno == EINTR)
    continue;
  close(reader->socket);
  reader->child = 0;
  reader->socket = -1;
  return how;
}

/* End it: it has nothing to tidy up, and may be stuck. */
static void end_child(hrs_h5_reader *reader) {
  kill(reader->child, SIGKILL);
  reap(reader);
}

static hrs_status damaged(const hrs_h5_reader *reader) {
  HRS_FAIL(INPUT, "%s is damaged: HDF5 crashed, or ran in circles, while reading it", reader->path);
}

/* The socket closed before an answer was there. */
static hrs_status died(hrs_h5_reader *reader) {
  int how = reap(reader);
  reader->crashed = true;
  int number = WIFSIGNALED(how) ? WTERMSIG(how) : SIGABRT;
  if (number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGABRT ||
      number == SIGILL || number == SIGXCPU)
    return damaged(reader);
  reader->crashed = false;
  HRS_FAIL(IO, "%s: the process that read it was ended by signal %d (out of memory?)", reader->path,
           number);
}

static hrs_status wait_for(hrs_h5_reader *reader, short event) {
  enum { LOOK_AGAIN = 200 }; /* milliseconds */
  for (;;) {
    if (hrs_stop_wanted()) {
      end_child(reader);
      return hrs_stop_check("reading %s", reader->path);
    }
    struct pollfd end = {.fd = reader->socket, .events = event};
    int ready = poll(&end, 1, LOOK_AGAIN);
    if (ready > 0) return HRS_OK;
    HRS_REQUIRE(ready == 0 || errno == EINTR || errno == EAGAIN, IO, "%s: %s", reader->path,
                strerror(errno));
  }
}

/* ---- requests and answers ------------------------------------------------------------------- */

static hrs_status send_all(hrs_h5_reader *reader, const void *data, size_t size) {
  for (const char *at = data; size > 0;) {
    HRS_TRY(wait_for(reader, POLLOUT));
    ssize_t sent = send(reader->socket, at, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent <= 0) return died(reader);
    at += sent;
    size -= (size_t)sent;
  }
  return HRS_OK;
}

static hrs_status receive_all(hrs_h5_reader *reader, void *data, hrs_count size) {
  for (char *at = data; size > 0;) {
    HRS_TRY(wait_for(reader, POLLIN));
    ssize_t got = recv(reader->socket, at, (size_t)size, MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return died(reader);
    at += got;
    size -= got;
  }
  return HRS_OK;
}

/* A failure in the child becomes one here. A child that has lost its memory may say anything. */
static hrs_status pass_on(hrs_h5_reader *reader, const hrs_h5_reply *reply) {
  char message[4096];
  if (reply->status < HRS_OK || reply->status >= HRS_STATUS_LIMIT || reply->bytes < 0 ||
      reply->bytes >= (hrs_count)sizeof message)
    return damaged(reader);
  HRS_TRY(receive_all(reader, message, reply->bytes));
  message[reply->bytes] = '\0';
  return hrs_error_set(reply->status, __FILE__, __LINE__, "%s", message);
}

/* Ask, and have the reply without the bytes behind it. */
static hrs_status ask(hrs_h5_reader *reader, hrs_h5_wish wish, const char *name,
                      hrs_h5_request *request, hrs_h5_reply *reply) {
  HRS_REQUIRE(strlen(name) < sizeof request->name, INPUT, "%s: a name of %zu characters in it",
              reader->path, strlen(name));
  if (!reader->child && reader->crashed) return damaged(reader);
  HRS_REQUIRE(reader->child, IO, "%s: the process that read it has ended", reader->path);
  request->wish = wish;
  snprintf(request->name, sizeof request->name, "%s", name);
  HRS_TRY(send_all(reader, request, sizeof *request));
  HRS_TRY(receive_all(reader, reply, sizeof *reply));
  return reply->status == HRS_OK ? HRS_OK : pass_on(reader, reply);
}

/* Ask for bytes; a zero is put behind them. Where there is no memory for them they would be taken
 * for the answer to the next request: so there is none. */
static hrs_status ask_bytes(hrs_h5_reader *reader, hrs_h5_wish wish, const char *name,
                            hrs_h5_request *request, char **out, hrs_count *size) {
  hrs_h5_reply reply;
  HRS_TRY(ask(reader, wish, name, request, &reply));
  if (reply.bytes < 0 || reply.bytes > HRS_H5_ANSWER_LIMIT) return damaged(reader);
  hrs_status status = hrs_calloc(reply.bytes + 1, 1, out);
  if (status != HRS_OK) {
    end_child(reader);
    return status;
  }
  status = receive_all(reader, *out, reply.bytes);
  if (status != HRS_OK) {
    hrs_free(*out);
    *out = NULL;
    return status;
  }
  *size = reply.bytes;
  return HRS_OK;
}

/* ---- the interface -------------------------------------------------------------------------- */

hrs_status hrs_h5_reader_open(const char *path, hrs_h5_reader **out) {
  hrs_h5_reader *reader;
  hrs_h5_request request = {0};
  hrs_h5_reply reply;
  hrs_count size;
  int file;
  *out = NULL;
  HRS_TRY(hrs_file_open(path, &file, &size));
  close(file);
  /* Here and not in the child: HDF5 asks MPI for something when it starts. */
  hrs_h5_quiet();
  HRS_TRY(hrs_calloc(1, sizeof *reader, &reader));
  reader->socket = -1;
  hrs_status status = hrs_strdup(path, &reader->path);
  if (status == HRS_OK) status = start(reader);
  if (status == HRS_OK) status = ask(reader, HRS_H5_WISH_OPEN, "", &request, &reply);
  if (status != HRS_OK) {
    hrs_h5_reader_close(&reader);
    return status;
  }
  *out = reader;
  return HRS_OK;
}

void hrs_h5_reader_close(hrs_h5_reader **handle) {
  if (!handle || !*handle) return;
  hrs_h5_reader *reader = *handle;
  if (reader->child) end_child(reader);
  hrs_free(reader->path);
  hrs_free(reader);
  *handle = NULL;
}

hrs_status hrs_h5_reader_find(hrs_h5_reader *reader, const char *name, hrs_h5_array *out) {
  hrs_h5_request request = {0};
  hrs_h5_reply reply;
  HRS_TRY(ask(reader, HRS_H5_WISH_FIND, name, &request, &reply));
  *out = reply.array;
  out->what[sizeof out->what - 1] = '\0';
  bool known =
      out->rank >= 0 && out->rank <= HRS_MAX_RANK &&
      (out->kind != HRS_H5_NUMBERS || (out->type > HRS_NONE && out->type < HRS_DTYPE_LIMIT));
  for (int i = 0; known && i < out->rank; i++)
    known = out->dim[i] >= 0;
  return known ? HRS_OK : damaged(reader);
}

hrs_status hrs_h5_reader_read(hrs_h5_reader *reader, const char *name, hrs_count first,
                              hrs_count count, hrs_dtype type, void *out) {
  hrs_count size = (hrs_count)hrs_dtype_size(type);
  char *at = out;
  while (count > 0) {
    hrs_count piece = count < HRS_H5_PIECE ? count : HRS_H5_PIECE;
    hrs_h5_request request = {.type = type, .first = first, .count = piece};
    hrs_h5_reply reply;
    HRS_TRY(ask(reader, HRS_H5_WISH_READ, name, &request, &reply));
    if (reply.bytes != piece * size) return damaged(reader);
    HRS_TRY(receive_all(reader, at, reply.bytes));
    first += piece;
    count -= piece;
    at += piece * size;
  }
  return HRS_OK;
}

hrs_status hrs_h5_reader_strings(hrs_h5_reader *reader, const char *name, hrs_count count,
                                 char ***out) {
  hrs_h5_request request = {0};
  char *text = NULL, **list = NULL;
  hrs_count size = 0, found = 0, made = 0;
  hrs_status status;
  HRS_TRY(ask_bytes(reader, HRS_H5_WISH_STRINGS, name, &request, &text, &size));
  /* Each ends with a zero. */
  for (hrs_count i = 0; i < size; i++)
    found += text[i] == '\0';
  HRS_GO(found == count ? HRS_OK : damaged(reader));
  HRS_GO(hrs_calloc(count, sizeof *list, &list));
  for (const char *at = text; made < count; at += strlen(at) + 1)
    HRS_GO(hrs_strdup(at, &list[made++]));
  *out = list;
  list = NULL;
done:
  for (hrs_count i = 0; list && i < made; i++)
    hrs_free(list[i]);
  hrs_free(list);
  hrs_free(text);
  return status;
}

hrs_status hrs_h5_reader_text(hrs_h5_reader *reader, const char *object, const char *attribute,
                              char **out) {
  hrs_h5_request request = {0};
  hrs_count size = 0;
  char *text = NULL;
  *out = NULL;
  snprintf(request.attribute, sizeof request.attribute, "%s", attribute);
  HRS_TRY(ask_bytes(reader, HRS_H5_WISH_TEXT, object, &request, &text, &size));
  /* What is there has its zero with it. */
  if (size > 0)
    *out = text;
  else
    hrs_free(text);
  return HRS_OK;
}

hrs_status hrs_h5_reader_number(hrs_h5_reader *reader, const char *object, const char *attribute,
                                double *out) {
  hrs_h5_request request = {0};
  hrs_h5_reply reply;
  snprintf(request.attribute, sizeof request.attribute, "%s", attribute);
  HRS_TRY(ask(reader, HRS_H5_WISH_NUMBER, object, &request, &reply));
  *out = reply.number;
  return HRS_OK;
}

void hrs_h5_reader_list(hrs_h5_reader *reader, char *text, size_t size) {
  hrs_h5_request request = {0};
  hrs_count length;
  char *list = NULL;
  if (ask_bytes(reader, HRS_H5_WISH_LIST, "/", &request, &list, &length) == HRS_OK)
    snprintf(text, size, "%s", list);
  else
    snprintf(text, size, "(they cannot be listed)");
  hrs_free(list);
}
