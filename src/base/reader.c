/* Whole small files: from disk, or through a reader that the caller provides. */
#include <harsanyi/base.h>

#include <string.h>
#include <unistd.h>

enum { LINES_LIMIT = 64 << 20 };

static hrs_status read_whole(int descriptor, const char *path, hrs_count limit, hrs_count size,
                             unsigned char **bytes) {
  HRS_REQUIRE(size <= limit, INPUT, "%s has %lld bytes; at most %lld were expected here", path,
              (long long)size, (long long)limit);
  HRS_TRY(hrs_alloc(size, 1, bytes));
  hrs_status status = hrs_file_read_at(descriptor, path, 0, size, *bytes);
  if (status != HRS_OK) {
    hrs_free(*bytes);
    *bytes = NULL;
  }
  return status;
}

hrs_status hrs_file_read(const char *path, hrs_count limit, unsigned char **bytes,
                         hrs_count *size) {
  int descriptor;
  *bytes = NULL;
  *size = 0;
  hrs_count whole;
  HRS_TRY(hrs_file_open(path, &descriptor, &whole));
  hrs_status status = read_whole(descriptor, path, limit, whole, bytes);
  close(descriptor);
  if (status != HRS_OK) return hrs_error_trace(status, __FILE__, __LINE__);
  *size = whole;
  return HRS_OK;
}

hrs_status hrs_reader_read(const hrs_reader *reader, const char *path, hrs_count limit,
                           unsigned char **bytes, hrs_count *size) {
  return reader ? reader->read(reader->self, path, limit, bytes, size)
                : hrs_file_read(path, limit, bytes, size);
}

/* One block: the pointers, ended by NULL, and behind them the text with its ends made NUL. */
static hrs_status split(const char *path, const unsigned char *bytes, hrs_count size, char ***lines,
                        hrs_count *count) {
  bool utf16 =
      size >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0);
  HRS_REQUIRE(!utf16, INPUT, "%s is UTF-16; store it as UTF-8 (iconv -f UTF-16 -t UTF-8)", path);
  HRS_REQUIRE(!size || !memchr(bytes, 0, (size_t)size), INPUT,
              "%s is no text file (it holds a zero byte); expected one name per line", path);
  if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
    bytes += 3;
    size -= 3;
  }
  hrs_count n = size > 0 && bytes[size - 1] != '\n';
  for (hrs_count i = 0; i < size; i++)
    n += bytes[i] == '\n';
  char **block;
  HRS_TRY(hrs_alloc((n + 1) * (hrs_count)sizeof(char *) + size + 1, 1, &block));
  char *text = (char *)(block + n + 1);
  if (size) memcpy(text, bytes, (size_t)size);
  text[size] = '\0';
  for (hrs_count i = 0; i < n; i++) {
    char *end = text + strcspn(text, "\n");
    char *next = *end ? end + 1 : end;
    *end = '\0';
    if (end > text && end[-1] == '\r') end[-1] = '\0';
    block[i] = text;
    text = next;
  }
  block[n] = NULL;
  for (hrs_count i = 0; i < n; i++) {
    hrs_count fault = hrs_text_fault(block[i]);
    if (fault < 0) continue;
    unsigned byte = (unsigned char)block[i][fault];
    hrs_free(block);
    HRS_FAIL(INPUT,
             "%s, line %lld: byte %lld (0x%02x) is no UTF-8; store the file as UTF-8 (iconv -f "
             "LATIN1 -t UTF-8, if that is what it is)",
             path, (long long)i + 1, (long long)fault + 1, byte);
  }
  *lines = block;
  *count = n;
  return HRS_OK;
}

hrs_status hrs_reader_lines(const hrs_reader *reader, const char *path, char ***lines,
                            hrs_count *count) {
  unsigned char *bytes;
  hrs_count size;
  *lines = NULL;
  *count = 0;
  HRS_TRY(hrs_reader_read(reader, path, LINES_LIMIT, &bytes, &size));
  hrs_status status = split(path, bytes, size, lines, count);
  hrs_free(bytes);
  if (status != HRS_OK) return hrs_error_trace(status, __FILE__, __LINE__);
  return HRS_OK;
}

void hrs_lines_free(char ***lines) {
  if (!lines) return;
  hrs_free(*lines);
  *lines = NULL;
}
