/* Strided loops: copies with random shapes, permutations, steps and repeats against plain loops. */
#include "network/operators/loop.h"
#include "pick.h"
#include "scratch.h"

enum { MOST_AXES = 5, ROOM = 1 << 16 };

typedef struct axes {
  int n;
  hrs_count dim[MOST_AXES], target[MOST_AXES], source[MOST_AXES];
  hrs_count start; /* of the source: steps may be negative */
} axes;

/* Target in C order, perhaps with gaps; source in any order, with repeats and reversals. */
static axes random_axes(void) {
  axes a = {.n = (int)pick(0, MOST_AXES)};
  hrs_count stride = pick(1, 8) == 1 ? 2 : 1;
  for (int i = a.n - 1; i >= 0; i--) {
    a.dim[i] = pick(1, 12) == 1 ? 0 : pick(1, i == a.n - 1 ? 40 : 6);
    a.target[i] = stride;
    stride *= a.dim[i] ? a.dim[i] : 1;
  }
  int order[MOST_AXES];
  for (int i = 0; i < a.n; i++)
    order[i] = i;
  for (int i = a.n - 1; i > 0; i--) {
    int k = (int)pick(0, i), swap = order[i];
    order[i] = order[k];
    order[k] = swap;
  }
  stride = 1;
  for (int i = 0; i < a.n; i++) {
    int axis = order[i];
    int kind = (int)pick(0, 5);
    a.source[axis] = kind == 0 ? 0 : kind == 1 ? -stride : stride;
    if (kind == 1 && a.dim[axis] > 0) a.start += (a.dim[axis] - 1) * stride;
    if (kind != 0) stride *= a.dim[axis] ? a.dim[axis] : 1;
  }
  return a;
}

static void copy_plainly(const axes *a, int axis, hrs_count to, hrs_count from, size_t size,
                         unsigned char *target, const unsigned char *source) {
  if (axis >= a->n || axis >= MOST_AXES) {
    memcpy(target + (size_t)to * size, source + (size_t)from * size, size);
    return;
  }
  for (hrs_count i = 0; i < a->dim[axis]; i++)
    copy_plainly(a, axis + 1, to + i * a->target[axis], from + i * a->source[axis], size, target,
                 source);
}

static void test_copies(void **state) {
  (void)state;
  static unsigned char source[8 * ROOM], wanted[8 * ROOM], got[8 * ROOM];
  static const size_t sizes[] = {1, 2, 4, 8};
  for (size_t i = 0; i < sizeof source; i++)
    source[i] = (unsigned char)pick(0, 255);
  for (int round = 0; round < 3000; round++) {
    axes a = random_axes();
    size_t size = sizes[pick(0, 3)];
    hrs_loop loop;
    hrs_loop_start(&loop, 2);
    hrs_count reach = 1;
    for (int i = 0; i < a.n; i++) {
      hrs_loop_axis2(&loop, a.dim[i], a.target[i], a.source[i]);
      reach += a.target[i] * (a.dim[i] ? a.dim[i] - 1 : 0);
    }
    if (reach > ROOM) continue;
    memset(wanted, 0xee, (size_t)reach * size);
    memset(got, 0xee, (size_t)reach * size);
    copy_plainly(&a, 0, 0, a.start, size, wanted, source);
    hrs_loop_copy(&loop, got, source + (size_t)a.start * size, size);
    assert_memory_equal(got, wanted, (size_t)reach * size);
  }
}

static void test_axes_merge(void **state) {
  (void)state;
  hrs_loop loop;
  hrs_loop_start(&loop, 2);
  hrs_loop_axis2(&loop, 4, 30, 30);
  hrs_loop_axis2(&loop, 1, 99, 7);
  hrs_loop_axis2(&loop, 5, 6, 6);
  hrs_loop_axis2(&loop, 6, 1, 1);
  assert_int_equal(loop.rank, 1);
  assert_int_equal(loop.dim[0], 120);
  hrs_loop_start(&loop, 2);
  hrs_loop_axis2(&loop, 4, 6, 0);
  hrs_loop_axis2(&loop, 6, 1, 1);
  assert_int_equal(loop.rank, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_copies),
                                     cmocka_unit_test(test_axes_merge)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
