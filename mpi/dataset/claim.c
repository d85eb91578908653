/*
 * Who may write PATH.part: one run at a time, known to others, and nobody's once it has died.
 *
 * Idea: a lock of the system (flock) on a file of its own, PATH.part.lock. The lock goes with the
 * process, however that ends; the file says who has it, and which PATH.part is his. A lock on the
 * data itself would be in the way of MPI-IO and of readers, which lock it too where it is on NFS.
 *
 * The file of the lock may be removed only by who holds it. So a lock that was had counts only if
 * its file is still the one of that name; else one begins anew. What a dead run has left is
 * replaced by a new file, never opened: a rank of it may still be writing; but for a run that is to
 * be resumed, of which all ranks have ended for good (what one of them still writes is what the new
 * run writes there, too). PATH.part without a lock that names it is somebody's own, and refused.
 *
 * Limits: where the file system knows no locks, the file that is created first is the lock, and
 * that of a dead run has to be removed by hand. Where locks hold within a node alone (NFS mounted
 * with nolock, Lustre with localflock), a run on another node takes a live one for dead. It has a
 * PATH.part of its own even then, and the other ends when it finds its own gone.
 */
#include "claim.h"

#include "checkpoint.h"
#include "src/base/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct hrs_claim {
  hrs_place *place;
  char *part, *lock, *folder;
  char *replaced; /* see claim.h */
  int descriptor; /* of the lock; -1: not held */
  ino_t inode;    /* of the part; 0: not made */
  bool kept;      /* the part stays, and so does the lock's file, which names it */
  bool filled;    /* the part is complete, and no longer ours to remove */
};

/* What the lock's file says. */
typedef struct owner {
  long process; /* 0: nothing is said */
  char host[256], since[32];
  unsigned long long inode; /* 0: it has made no file yet */
} owner;

#define RECORD "harsanyi: process %ld on %s since %s writes file %llu\n"
#define RECORD_SCAN "harsanyi: process %ld on %255s since %31s writes file %llu"

/* ---- the lock's file ------------------------------------------------------------------------ */

/* False where it holds something else. */
static bool read_owner(int descriptor, owner *o) {
  char text[512];
  memset(o, 0, sizeof *o);
  ssize_t got = pread(descriptor, text, sizeof text - 1, 0);
  if (got <= 0) return got == 0;
  text[got] = '\0';
  return sscanf(text, RECORD_SCAN, &o->process, o->host, o->since, &o->inode) == 4;
}

static hrs_status write_owner(const hrs_claim *c) {
  char text[512], host[256] = "", since[32];
  gethostname(host, sizeof host - 1);
  time_t now = time(NULL);
  strftime(since, sizeof since, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
  int length = snprintf(text, sizeof text, RECORD, (long)getpid(), *host ? host : "?", since,
                        (unsigned long long)c->inode);
  errno = 0;
  bool good =
      ftruncate(c->descriptor, 0) == 0 && pwrite(c->descriptor, text, (size_t)length, 0) == length;
  HRS_REQUIRE(good, IO, "%s: %s cannot be written: %s", hrs_place_name(c->place), c->lock,
              strerror(errno ? errno : ENOSPC));
  return HRS_OK;
}

static bool is_named(int descriptor, const char *path) {
  struct stat open_file, named;
  return fstat(descriptor, &open_file) == 0 && lstat(path, &named) == 0 &&
         open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino;
}

/* Open the lock's file, or make it. No link is followed, no pipe is waited for. -1: it has gone
 * meanwhile. */
static hrs_status open_lock(const hrs_claim *c, bool *made, int *out) {
  enum { FLAGS = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC };
  const char *name = hrs_place_name(c->place);
  int file = open(c->lock, FLAGS | O_CREAT | O_EXCL, 0666);
  *made = file >= 0;
  bool there = !*made && errno == EEXIST;
  if (there) file = open(c->lock, FLAGS);
  *out = file;
  HRS_REQUIRE(file >= 0 || errno != ELOOP, USAGE,
              "%s: %s is a symbolic link; remove it or give another name", name, c->lock);
  /* A folder that takes no files, as in /proc, says ENOENT too. */
  HRS_REQUIRE(file >= 0 || (there && errno == ENOENT), IO, "%s: %s cannot be written: %s", name,
              c->lock, strerror(errno));
  return HRS_OK;
}

/* Take the lock of its file. *got is false where the file is not the one of that name any more. */
static hrs_status take_lock(const hrs_claim *c, int file, bool made, bool *got) {
  const char *name = hrs_place_name(c->place);
  struct stat info;
  owner o;
  *got = false;
  HRS_REQUIRE(fstat(file, &info) == 0 && S_ISREG(info.st_mode) && read_owner(file, &o), USAGE,
              "%s: %s is no run's; move it or give another name", name, c->lock);
  bool locked = flock(file, LOCK_EX | LOCK_NB) == 0, busy = !locked && errno == EWOULDBLOCK;
  if (locked || (made && !busy)) {
    *got = is_named(file, c->lock);
    return HRS_OK;
  }
  HRS_REQUIRE(read_owner(file, &o) && o.process, IO, "%s: another run is beginning to write it",
              name);
  HRS_REQUIRE(busy, IO,
              "%s: process %ld on %s writes it since %s, or has died: this file system knows no "
              "locks; if it is not running any more, remove %s and %s",
              name, o.process, o.host, o.since, c->lock, c->part);
  HRS_FAIL(IO, "%s: process %ld on %s writes it since %s; wait for it, or give another name", name,
           o.process, o.host, o.since);
}

/* `before`: who had it last, and has died. `made`: nobody had. */
static hrs_status lock(hrs_claim *c, bool *made, owner *before) {
  enum { ATTEMPTS = 1000 }; /* each fails because another run began or ended in between */
  for (int i = 0; i < ATTEMPTS; i++) {
    int file;
    bool got;
    HRS_TRY(open_lock(c, made, &file));
    if (file < 0) continue;
    hrs_status status = take_lock(c, file, *made, &got);
    if (got) {
      read_owner(file, before);
      c->descriptor = file;
      return HRS_OK;
    }
    close(file);
    HRS_TRY(status);
  }
  HRS_FAIL(IO, "%s: %s comes and goes", hrs_place_name(c->place), c->lock);
}

/* Let go of the lock; its file goes too, or stays for what it says. */
static void unlock(hrs_claim *c, bool keep) {
  if (c->descriptor < 0) return;
  if (!keep && is_named(c->descriptor, c->lock)) unlink(c->lock);
  close(c->descriptor);
  c->descriptor = -1;
}

/* ---- the part ------------------------------------------------------------------------------- */

/* Has a run that is named by the lock's file left this part? */
static bool is_left(const owner *before, const struct stat *info) {
  return before->process && S_ISREG(info->st_mode) &&
         (before->inode ? info->st_ino == (ino_t)before->inode : info->st_size == 0);
}

static hrs_status clear_part(hrs_claim *c, const owner *before) {
  char text[PATH_MAX + 320];
  struct stat info;
  if (lstat(c->part, &info) != 0) {
    HRS_REQUIRE(errno == ENOENT, IO, "%s: %s: %s", hrs_place_name(c->place), c->part,
                strerror(errno));
    return HRS_OK;
  }
  HRS_REQUIRE(is_left(before, &info), USAGE,
              "%s: %s is there and no run that has died has left it; move it or give another name",
              hrs_place_name(c->place), c->part);
  HRS_REQUIRE(unlink(c->part) == 0, IO, "%s: %s cannot be removed: %s", hrs_place_name(c->place),
              c->part, strerror(errno));
  snprintf(text, sizeof text, "%s, left by process %ld on %s, which did not finish,", c->part,
           before->process, before->host);
  return hrs_strdup(text, &c->replaced);
}

static hrs_status make_part(hrs_claim *c) {
  struct stat info;
  int file = open(c->part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  HRS_REQUIRE(file >= 0, IO, "%s: %s cannot be written: %s", hrs_place_name(c->place), c->part,
              strerror(errno));
  int error = fstat(file, &info) == 0 ? 0 : errno;
  close(file);
  HRS_REQUIRE(error == 0, IO, "%s: %s: %s", hrs_place_name(c->place), c->part, strerror(error));
  c->inode = info.st_ino;
  hrs_fault_pass(HRS_FAULT_CLAIM);
  return write_owner(c);
}

static hrs_status append(const char *path, const char *end, char **out) {
  size_t size = strlen(path) + strlen(end) + 1;
  HRS_TRY(hrs_alloc((hrs_count)size, 1, out));
  snprintf(*out, size, "%s%s", path, end);
  return HRS_OK;
}

/* Take over the part of a run that is resumed. */
static hrs_status adopt_part(hrs_claim *c, const owner *before) {
  struct stat info;
  HRS_REQUIRE(lstat(c->part, &info) == 0, INPUT,
              "%s: %s is there, but %s, which it belongs to, is not: nothing can be resumed; give "
              "--force without --resume to begin anew",
              hrs_place_name(c->place), c->folder, c->part);
  HRS_REQUIRE(
      before->inode && is_left(before, &info), USAGE,
      "%s: %s is not the file of the run that %s is of (was it copied or moved?): "
      "nothing can be resumed; move it away, and give --force without --resume to begin anew",
      hrs_place_name(c->place), c->part, c->folder);
  c->inode = info.st_ino;
  c->kept = true;
  return write_owner(c);
}

/* Is the run that is to be resumed over? Its end names the data set first, and then removes the
 * checkpoint. Where the user has PATH replaced, without a checkpoint nothing tells whose PATH is.
 */
static bool is_done(const hrs_claim *c, bool force) {
  struct stat info;
  bool part = lstat(c->part, &info) == 0, path = lstat(hrs_place_path(c->place), &info) == 0;
  return path && !part && (!force || hrs_checkpoint_is_there(c->folder));
}

/* Once the lock is held. */
static hrs_status begin(hrs_claim *c, const char *path, bool force, bool resume,
                        const owner *before, hrs_claim_begins *begins) {
  bool checkpoint = hrs_checkpoint_is_there(c->folder);
  if (resume && is_done(c, force)) {
    *begins = HRS_CLAIM_DONE;
    return hrs_checkpoint_remove(c->folder);
  }
  /* Again: a run that has just ended may have left its result. */
  hrs_place *place;
  HRS_TRY(hrs_place_create(path, "--out", force, &place));
  hrs_place_destroy(&place);
  if (checkpoint && resume) {
    *begins = HRS_CLAIM_RESUMED;
    return adopt_part(c, before);
  }
  HRS_REQUIRE(!checkpoint || force, USAGE,
              "%s: %s is there, the checkpoint of a run that has ended early; give --resume to go "
              "on with it, or --force to begin anew",
              hrs_place_name(c->place), c->folder);
  HRS_TRY(hrs_checkpoint_remove(c->folder));
  HRS_TRY(clear_part(c, before));
  hrs_fault_pass(HRS_FAULT_CLAIM);
  HRS_TRY(write_owner(c));
  hrs_fault_pass(HRS_FAULT_CLAIM);
  HRS_TRY(make_part(c));
  hrs_fault_pass(HRS_FAULT_CLAIM);
  return HRS_OK;
}

static hrs_status take(hrs_claim *c, const char *path, bool force, bool resume,
                       hrs_claim_begins *begins) {
  bool made;
  owner before;
  /* A run that is over is no reason to refuse to resume it. */
  HRS_TRY(hrs_place_create(path, "--out", force || resume, &c->place));
  HRS_TRY(append(hrs_place_path(c->place), ".part", &c->part));
  HRS_TRY(append(c->part, ".lock", &c->lock));
  HRS_TRY(append(hrs_place_path(c->place), ".checkpoint", &c->folder));
  hrs_fault_pass(HRS_FAULT_CLAIM);
  HRS_TRY(lock(c, &made, &before));
  hrs_fault_pass(HRS_FAULT_CLAIM);
  hrs_status status = begin(c, path, force, resume, &before, begins);
  if (*begins == HRS_CLAIM_DONE || (status != HRS_OK && !c->inode)) {
    unlock(c, !made && status != HRS_OK);
    return status;
  }
  if (status != HRS_OK || force || !resume) return status;
  /* PATH is not replaced, if it appears meanwhile. */
  hrs_place_destroy(&c->place);
  return hrs_place_create(path, "--out", false, &c->place);
}

/* ---- life ----------------------------------------------------------------------------------- */

hrs_status hrs_claim_take(const char *path, bool force, bool resume, hrs_claim_begins *begins,
                          hrs_claim **out) {
  *out = NULL;
  *begins = HRS_CLAIM_NEW;
  hrs_claim *c;
  HRS_TRY(hrs_calloc(1, sizeof *c, &c));
  c->descriptor = -1;
  hrs_status status = take(c, path, force, resume, begins);
  if (status != HRS_OK || *begins == HRS_CLAIM_DONE) hrs_claim_release(&c);
  *out = c;
  return status;
}

const char *hrs_claim_replaced(const hrs_claim *claim) {
  return claim->replaced;
}

const char *hrs_claim_part(const hrs_claim *claim) {
  return claim->part;
}

const char *hrs_claim_folder(const hrs_claim *claim) {
  return claim->folder;
}

void hrs_claim_keep(hrs_claim *claim) {
  claim->kept = true;
}

static bool is_own_part(const hrs_claim *c) {
  struct stat info;
  return c->inode && lstat(c->part, &info) == 0 && info.st_ino == c->inode;
}

hrs_status hrs_claim_check(const hrs_claim *claim) {
  HRS_REQUIRE(is_own_part(claim) && is_named(claim->descriptor, claim->lock), IO,
              "%s: %s or its .lock was moved, removed or replaced while the run went on",
              hrs_place_name(claim->place), claim->part);
  return HRS_OK;
}

hrs_status hrs_claim_fill(hrs_claim *claim) {
  HRS_TRY(hrs_claim_check(claim));
  claim->filled = true;
  return hrs_place_fill(claim->place, claim->part);
}

void hrs_claim_release(hrs_claim **claim) {
  hrs_claim *c = *claim;
  if (!c) return;
  bool kept = c->kept && !c->filled;
  if (!kept && !c->filled && is_own_part(c)) unlink(c->part);
  unlock(c, kept);
  hrs_place_destroy(&c->place);
  hrs_free(c->part);
  hrs_free(c->lock);
  hrs_free(c->folder);
  hrs_free(c->replaced);
  hrs_free(c);
  *claim = NULL;
}
