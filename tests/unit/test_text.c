/* Text from outside: UTF-8, and what is printed of it. */
#include "scratch.h"

#include <stdio.h>
#include <string.h>

/* Every character of Unicode is decoded as it was encoded; every other way to write it is none. */
static void characters(void **state) {
  (void)state;
  for (uint32_t c = 1; c < 0x120000; c++) {
    uint32_t found = 0;
    const char text[4][5] = {
        {(char)c},
        {(char)(0xc0 | c >> 6), (char)(0x80 | (c & 63))},
        {(char)(0xe0 | c >> 12), (char)(0x80 | (c >> 6 & 63)), (char)(0x80 | (c & 63))},
        {(char)(0xf0 | c >> 18), (char)(0x80 | (c >> 12 & 63)), (char)(0x80 | (c >> 6 & 63)),
         (char)(0x80 | (c & 63))}};
    const uint32_t end[] = {0x80, 0x800, 0x10000, 0x200000};
    int shortest = 0;
    while (c >= end[shortest])
      shortest++;
    bool character = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
    for (int bytes = 1; bytes <= 4; bytes++) {
      if (c >= end[bytes - 1]) continue;
      bool right = character && bytes == shortest + 1;
      int decoded = hrs_text_character(text[bytes - 1], &found);
      assert_int_equal(decoded, right ? bytes : 0);
      if (right) assert_int_equal(found, c);
    }
  }
}

static void faults(void **state) {
  (void)state;
  assert_int_equal(hrs_text_fault("größe 面 \xf0\x9f\x8e\xb2"), -1);
  assert_int_equal(hrs_text_fault(""), -1);
  assert_int_equal(hrs_text_fault("ab\xe4"), 2);
  assert_int_equal(hrs_text_fault("ä\x80"), 2);
  assert_int_equal(hrs_text_fault("a\xe2\x82"), 1);
}

static void printed(void **state) {
  (void)state;
  char out[64];
  assert_string_equal(hrs_printable("größe\n\t\x1b[2J\x7f", out, sizeof out),
                      "größe\\n\\t\\x1b[2J\\x7f");
  assert_string_equal(hrs_printable("a\xc2\x9b\xe2\x80\xae\xe4", out, sizeof out),
                      "a\\u009b\\u202e\\xe4");
  /* Cut between characters and escapes. */
  assert_string_equal(hrs_printable("abä", out, 4), "ab");
  assert_string_equal(hrs_printable("ab\x1b", out, 6), "ab");
  char *text;
  ASSERT_OK(hrs_strdup("\x01\x02\x03\x04", &text));
  ASSERT_OK(hrs_make_printable(&text));
  assert_string_equal(text, "\\x01\\x02\\x03\\x04");
  hrs_free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(characters), cmocka_unit_test(faults),
                                     cmocka_unit_test(printed)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
