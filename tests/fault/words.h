/* Runs as users give them, as one text. */
#ifndef HRS_FAULT_WORDS_H
#define HRS_FAULT_WORDS_H

enum { WORDS = 64 };

/** Cut a run's text into words, which stay valid until the next call, and return how many. D/ is
 *  the folder of the bundled data, T/ `folder`, and P: the example of a plug-in. */
int words_of(const char *run, const char *folder, char *words[WORDS]);

#endif
