/* Where the time goes: the clock of a process, and what the ranks have spent together. */
#include "times.h"

#include "mpi/lattice/comm.h"

#include <string.h>

static const char *const names[HRS_TASKS] = {[HRS_TASK_PREPARE] = "prepare",
                                             [HRS_TASK_EVALUATE] = "evaluate",
                                             [HRS_TASK_FIT] = "fit",
                                             [HRS_TASK_TRANSFORM] = "transform",
                                             [HRS_TASK_REDUCE] = "reduce",
                                             [HRS_TASK_WRITE] = "write",
                                             [HRS_TASK_VERIFY] = "verify",
                                             [HRS_TASK_CHECKSUMS] = "checksums",
                                             [HRS_TASK_CHECKPOINT] = "checkpoint",
                                             [HRS_TASK_CLOSE] = "close"};

const char *hrs_task_name(hrs_task task) {
  return names[task];
}

void hrs_times_start(hrs_times *times) {
  memset(times, 0, sizeof *times);
  times->start = times->since = hrs_time();
  times->at = hrs_counted;
  times->spent[times->task].calls = 1;
}

/* Add `sign` times what was counted. */
static void add(hrs_counters *to, const hrs_counters *from, int sign) {
  to->wait += sign * from->wait;
  to->exchange += sign * from->exchange;
  to->exchanges += sign * from->exchanges;
  to->messages += sign * from->messages;
  to->sent += sign * from->sent;
  to->passed += sign * from->passed;
  to->written += sign * from->written;
}

/* Time and counts up to now go to the task. */
static void settle(hrs_times *times) {
  double now = hrs_time();
  hrs_spent *spent = &times->spent[times->task];
  spent->seconds += now - times->since;
  add(&spent->counted, &hrs_counted, 1);
  add(&spent->counted, &times->at, -1);
  times->since = now;
  times->at = hrs_counted;
}

void hrs_times_return(hrs_times *times, hrs_task task) {
  settle(times);
  times->task = task;
}

hrs_task hrs_times_begin(hrs_times *times, hrs_task task) {
  hrs_task before = times->task;
  hrs_times_return(times, task);
  times->spent[task].calls++;
  return before;
}

/* ---- of all ranks --------------------------------------------------------------------------- */

/* What the most is taken of; of `less` numbers the least, as the most of their negatives. */
enum {
  CALLS,
  SECONDS,
  BUSY,
  LESS_SECONDS,
  LESS_BUSY,
  WAIT,
  EXCHANGE,
  EXCHANGES,
  MESSAGES,
  SENT,
  MOST
};
/* What is added up. */
enum { ALL_SENT, ALL_PASSED, ALL_WRITTEN, SUMS };

static void look(const hrs_spent *spent, double *most, hrs_count *sums) {
  const hrs_counters *c = &spent->counted;
  double busy = spent->seconds - c->wait;
  const double numbers[MOST] = {(double)spent->calls,
                                spent->seconds,
                                busy,
                                -spent->seconds,
                                -busy,
                                c->wait,
                                c->exchange,
                                (double)c->exchanges,
                                (double)c->messages,
                                (double)c->sent};
  memcpy(most, numbers, sizeof numbers);
  sums[ALL_SENT] = c->sent;
  sums[ALL_PASSED] = c->passed;
  sums[ALL_WRITTEN] = c->written;
}

static hrs_task_times together(const double *most, const hrs_count *sums) {
  return (hrs_task_times){.calls = (hrs_count)most[CALLS],
                          .seconds_max = most[SECONDS],
                          .seconds_min = -most[LESS_SECONDS],
                          .busy_max = most[BUSY],
                          .busy_min = -most[LESS_BUSY],
                          .wait_max = most[WAIT],
                          .exchange_max = most[EXCHANGE],
                          .exchanges = (hrs_count)most[EXCHANGES],
                          .messages = (hrs_count)most[MESSAGES],
                          .sent_max = (hrs_count)most[SENT],
                          .sent = sums[ALL_SENT],
                          .passed = sums[ALL_PASSED],
                          .written = sums[ALL_WRITTEN]};
}

hrs_status hrs_times_collect(MPI_Comm comm, hrs_times *times, hrs_timing *out) {
  double most[HRS_TASKS + 1][MOST] = {{0}};
  hrs_count sums[HRS_TASKS][SUMS];
  settle(times);
  for (int i = 0; i < HRS_TASKS; i++)
    look(&times->spent[i], most[i], sums[i]);
  most[HRS_TASKS][0] = times->since - times->start;
  HRS_TRY(hrs_comm_reduce(comm, MPI_MAX, MPI_DOUBLE, most, (HRS_TASKS + 1) * MOST));
  HRS_TRY(hrs_comm_reduce(comm, MPI_SUM, MPI_INT64_T, sums, HRS_TASKS * SUMS));
  out->total = most[HRS_TASKS][0];
  for (int i = 0; i < HRS_TASKS; i++)
    out->task[i] = together(most[i], sums[i]);
  return HRS_OK;
}
