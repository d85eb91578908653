/* Text from outside: is it UTF-8, and in what form can a terminal be given it. */
#include <harsanyi/base.h>

#include <stdio.h>
#include <string.h>

int hrs_text_character(const char *start, uint32_t *character) {
  const unsigned char *text = (const unsigned char *)start;
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  int bytes = *text < 0x80 ? 1 : *text < 0xc0 ? 0 : *text < 0xe0 ? 2 : *text < 0xf0 ? 3 : 4;
  if (bytes == 0 || *text > 0xf4) return 0;
  *character = bytes == 1 ? *text : *text & (0x7fU >> bytes);
  for (int i = 1; i < bytes; i++) {
    if ((text[i] & 0xc0) != 0x80) return 0; /* also at the end of the text */
    *character = *character << 6 | (text[i] & 0x3f);
  }
  bool surrogate = *character >= 0xd800 && *character < 0xe000;
  return *character < least[bytes] || *character > 0x10ffff || surrogate ? 0 : bytes;
}

hrs_count hrs_text_fault(const char *text) {
  uint32_t character;
  for (const char *at = text; *at;) {
    int bytes = hrs_text_character(at, &character);
    if (bytes == 0) return (hrs_count)(at - text);
    at += bytes;
  }
  return -1;
}

bool hrs_character_commands(uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200e && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x61c || c == 0xfeff;
}

const char *hrs_printable(const char *text, char *out, size_t size) {
  size_t used = 0;
  if (size == 0) return out;
  for (const char *at = text; *at;) {
    char safe[16];
    uint32_t character = 0;
    int bytes = hrs_text_character(at, &character);
    if (bytes == 0)
      snprintf(safe, sizeof safe, "\\x%02x", (unsigned char)*at);
    else if (character == '\n' || character == '\t' || character == '\r')
      snprintf(safe, sizeof safe, "\\%c", character == '\n' ? 'n' : character == '\t' ? 't' : 'r');
    else if (hrs_character_commands(character))
      snprintf(safe, sizeof safe, character < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned)character);
    else
      snprintf(safe, sizeof safe, "%.*s", bytes, at);
    size_t length = strlen(safe);
    if (used + length >= size) break;
    memcpy(out + used, safe, length);
    used += length;
    at += bytes ? bytes : 1;
  }
  out[used] = '\0';
  return out;
}

hrs_status hrs_make_printable(char **text) {
  size_t size = 4 * strlen(*text) + 1; /* one byte becomes four at most, two become six */
  char *safe;
  HRS_TRY(hrs_alloc((hrs_count)size, 1, &safe));
  hrs_printable(*text, safe, size);
  hrs_free(*text);
  *text = safe;
  return HRS_OK;
}
