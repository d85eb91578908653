/*
 * What a run tells of its time, once all ranks have put theirs together: attributes of /run, the
 * file of --timing, and a table beside what the machine allows.
 *
 * Limits are measured for the table alone: of memory by passes over the lattice that the run has
 * used, so that one which fits the caches is not compared with slower memory; of a network's
 * products by a large one. Both by all ranks at the same time.
 */
#include "engine.h"

#include "mpi/lattice/comm.h"
#include "mpi/program/log.h"
#include "mpi/program/machine/rates.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

hrs_status hrs_engine_collect(hrs_engine *engine) {
  hrs_network_cost cost = hrs_game_network_cost(engine->problem->game);
  hrs_tally *tally = &engine->tally;
  HRS_TRY(hrs_times_collect(engine->world, engine->times, &tally->timing));
  hrs_count masks = engine->evaluated;
  tally->checksum = engine->checksum;
  HRS_TRY(hrs_comm_reduce(engine->world, MPI_SUM, MPI_INT64_T, &masks, 1));
  HRS_TRY(hrs_comm_reduce(engine->world, MPI_SUM, MPI_UINT64_T, &tally->checksum, 1));
  tally->masks = (double)masks;
  tally->multiply_adds = tally->masks * (cost.tables + cost.blocks + cost.tail);
  return HRS_OK;
}

/* ---- as JSON -------------------------------------------------------------------------------- */

/* One task's object; returns its length. */
static int task_text(const hrs_tally *tally, hrs_task task, char *text, size_t size) {
  const hrs_task_times *t = &tally->timing.task[task];
  return snprintf(
      text, size,
      "\"%s\": {\"calls\": %lld, \"seconds_max\": %.6f, \"seconds_min\": %.6f, "
      "\"busy_max\": %.6f, \"busy_min\": %.6f, \"wait_max\": %.6f, \"exchange_max\": %.6f, "
      "\"exchanges\": %lld, \"messages_max\": %lld, \"bytes_sent_max\": %lld, "
      "\"bytes_sent\": %lld, \"bytes_passed\": %lld, \"bytes_written\": %lld, "
      "\"multiply_adds\": %.0f}",
      hrs_task_name(task), (long long)t->calls, t->seconds_max, t->seconds_min, t->busy_max,
      t->busy_min, t->wait_max, t->exchange_max, (long long)t->exchanges, (long long)t->messages,
      (long long)t->sent_max, (long long)t->sent, (long long)t->passed, (long long)t->written,
      task == HRS_TASK_EVALUATE ? tally->multiply_adds : 0);
}

/* {"evaluate": {...}, ...}: the tasks that there were. */
static hrs_status tasks_text(hrs_tally *tally) {
  size_t used = 1;
  strcpy(tally->tasks, "{");
  for (int task = 0; task < HRS_TASKS; task++) {
    if (tally->timing.task[task].calls == 0) continue;
    if (used > 1) used += (size_t)snprintf(tally->tasks + used, sizeof tally->tasks - used, ", ");
    used +=
        (size_t)task_text(tally, (hrs_task)task, tally->tasks + used, sizeof tally->tasks - used);
    HRS_ASSERT(used < sizeof tally->tasks - 4);
  }
  strcpy(tally->tasks + used, "}");
  return HRS_OK;
}

hrs_status hrs_engine_record(hrs_engine *engine, hrs_record *record) {
  const hrs_plan *plan = engine->plan;
  hrs_tally *tally = &engine->tally;
  HRS_TRY(hrs_engine_collect(engine));
  HRS_TRY(tasks_text(tally));
  double seconds = tally->timing.task[HRS_TASK_EVALUATE].seconds_max;
  hrs_record_number(record, "groups", plan->groups);
  hrs_record_number(record, "ranks_per_sample", plan->ranks);
  hrs_record_number(record, "blocks", ldexp(1, plan->part.block_bits));
  hrs_record_number(record, "masks_per_second", seconds > 0 ? tally->masks / seconds : 0);
  hrs_record_number(record, "planned_bytes_per_rank", (double)plan->rank_bytes);
  hrs_record_number(record, "planned_held_bytes_per_rank", (double)plan->machine.held);
  for (int task = 0; task < HRS_TASKS; task++) {
    char name[HRS_RECORD_NAME];
    snprintf(name, sizeof name, "seconds_%s", hrs_task_name((hrs_task)task));
    hrs_record_number(record, name, tally->timing.task[task].seconds_max);
  }
  hrs_record_text(record, "tasks", tally->tasks);
  return HRS_OK;
}

static int count_names(const char *names) {
  int count = *names != 0;
  for (; *names; names++)
    count += *names == ',';
  return count;
}

static void print_json(FILE *file, const hrs_engine *engine, const hrs_record *record) {
  const hrs_plan *plan = engine->plan;
  const hrs_problem *problem = engine->problem;
  const hrs_tally *tally = &engine->tally;
  const char *hosts = record->hosts ? record->hosts : "";
  fprintf(file,
          "{\"version\": \"%s\", \"git\": \"%s\", \"n\": %d, \"samples\": %lld, \"targets\": %d, "
          "\"ranks\": %d, \"groups\": %d, \"ranks_per_sample\": %d, \"nodes\": %d, "
          "\"hosts\": \"%s\",\n \"precision\": \"%s\", \"shm\": \"%s\", \"chunk\": %lld, "
          "\"blocks\": %d, \"masks\": %lld, \"checksum\": \"%016llx\",\n",
          hrs_version(), hrs_git(), problem->n, (long long)problem->samples, problem->targets,
          plan->world, plan->groups, plan->ranks, count_names(hosts), hosts,
          engine->resources->precision == HRS_F32 ? "single" : "double",
          engine->resources->sharing == HRS_SHARE_OFF ? "off" : "auto", (long long)plan->chunk,
          1 << plan->part.block_bits, (long long)problem->samples << problem->n,
          (unsigned long long)tally->checksum);
  fprintf(file, " \"memory_limit\": %.6g, \"multiply_adds_limit\": %.6g,\n \"total\": %.6f",
          tally->memory_limit, tally->product_limit, tally->timing.total);
  for (int task = 0; task < HRS_TASKS; task++)
    fprintf(file, ", \"%s\": %.6f", hrs_task_name((hrs_task)task),
            tally->timing.task[task].seconds_max);
  fprintf(file, ",\n \"tasks\": %s}\n", tally->tasks);
}

/* ---- as a table ----------------------------------------------------------------------------- */

/* What all ranks can do together. Collective. */
static hrs_status measure_limits(hrs_engine *engine) {
  double limits[2] = {0, 0};
  hrs_lattice *any = engine->values ? engine->values[0] : NULL;
  HRS_TRY(hrs_comm_barrier(engine->world));
  if (any) {
    hrs_count bytes = hrs_lattice_row_count(any) * hrs_lattice_row_size(any) *
                      (hrs_count)hrs_dtype_size(hrs_lattice_type(any));
    limits[0] = hrs_rate_memory(hrs_lattice_row(any, hrs_lattice_first_row(any)), bytes);
  }
  HRS_TRY(hrs_comm_barrier(engine->world));
  hrs_status status = HRS_OK;
  if (engine->tally.multiply_adds > 0 && any) status = hrs_rate_products(&limits[1]);
  HRS_TRY(hrs_agree(engine->world, status));
  HRS_TRY(hrs_comm_reduce(engine->world, MPI_SUM, MPI_DOUBLE, limits, 2));
  engine->tally.memory_limit = limits[0];
  engine->tally.product_limit = limits[1];
  return HRS_OK;
}

/* "12.3 G", for amounts and rates. */
static const char *scaled(double number, char text[16]) {
  static const char *const units[] = {"", "k", "M", "G", "T", "P", "E"};
  int unit = 0;
  for (; number >= 999.5 && unit < 6; unit++)
    number /= 1000;
  snprintf(text, 16, "%.3g %s", number, units[unit]);
  return text;
}

static const char *per_cent(double part, double of, char text[16]) {
  snprintf(text, 16, "-");
  if (of > 0) snprintf(text, 16, "%.0f %%", 100 * part / of);
  return text;
}

/* An amount of bytes ("B ...") or else of multiply-adds, done in so many seconds, and how much that
 * is of a limit. */
static void print_amount(double amount, const char *unit, double seconds, double limit) {
  char much[16], rate[16], share[16];
  double speed = seconds > 0 ? amount / seconds : 0;
  hrs_print("  %8s%-15s %8s%-3s %9s", scaled(amount, much), unit, scaled(speed, rate),
            *unit == 'B' ? "B/s" : "/s", per_cent(speed, limit, share));
}

static void print_task(const hrs_tally *tally, hrs_task task) {
  const hrs_task_times *t = &tally->timing.task[task];
  char ratio[16] = "-", waits[16];
  if (t->busy_min > 0 && t->busy_max / t->busy_min < 1e4)
    snprintf(ratio, sizeof ratio, "%.2f", t->busy_max / t->busy_min);
  hrs_print("  %-12s %6lld %10.3f %8s %8s", hrs_task_name(task), (long long)t->calls,
            t->seconds_max, ratio, per_cent(t->wait_max, t->seconds_max, waits));
  double alone = t->busy_max - t->exchange_max;
  if (task == HRS_TASK_EVALUATE && tally->multiply_adds > 0)
    print_amount(tally->multiply_adds, " multiply-adds", t->busy_max, tally->product_limit);
  else if (task == HRS_TASK_WRITE || task == HRS_TASK_CHECKPOINT)
    print_amount((double)t->written, "B written", t->seconds_max, 0);
  else if (t->passed > 0)
    print_amount((double)t->passed, "B passed over", alone, tally->memory_limit);
  hrs_print("\n");
}

static void print_exchange(const hrs_tally *tally) {
  hrs_count exchanges = 0, sent = 0;
  double seconds = 0;
  for (int task = 0; task < HRS_TASKS; task++) {
    const hrs_task_times *t = &tally->timing.task[task];
    exchanges += t->exchanges;
    sent += t->sent;
    seconds += t->exchange_max;
  }
  if (sent == 0) return;
  hrs_print("  %-12s %6lld %10.3f %8s %8s", "(exchange)", (long long)exchanges, seconds, "", "");
  print_amount((double)sent, "B sent", seconds, 0);
  hrs_print("\n");
}

static void print_table(const hrs_tally *tally) {
  hrs_print("  %-12s %6s %10s %8s %8s  %-23s %11s %9s\n", "task", "calls", "seconds", "max/min",
            "waiting", "  amount", "rate", "of limit");
  for (int task = 0; task < HRS_TASKS; task++)
    if (tally->timing.task[task].calls > 0) print_task(tally, (hrs_task)task);
  print_exchange(tally);
  hrs_print("  %-12s %6s %10.3f\n", "total", "", tally->timing.total);
}

hrs_status hrs_engine_tell_times(hrs_engine *engine, const hrs_record *record, hrs_place **place) {
  hrs_tally *tally = &engine->tally;
  HRS_TRY(hrs_engine_collect(engine));
  HRS_TRY(hrs_agree(engine->world, tasks_text(tally)));
  HRS_TRY(measure_limits(engine));
  if (hrs_comm_rank(engine->world) != 0) return HRS_OK;
  if (hrs_log_get_level() >= HRS_LOG_NORMAL) print_table(tally);
  if (!*place) return HRS_OK;
  hrs_writer *out;
  HRS_TRY(hrs_writer_begin(place, &out));
  print_json(hrs_writer_stream(out), engine, record);
  return hrs_writer_finish(&out);
}
