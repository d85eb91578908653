/* Options -> resources. */
#include "resources.h"

hrs_status hrs_resources_make(const hrs_resource_options *o, hrs_resources *out) {
  HRS_REQUIRE(o->chunk <= HRS_LARGEST_CHUNK, USAGE, "--chunk %lld: at most 1 GiB is of use",
              (long long)o->chunk);
  *out = (hrs_resources){.precision = o->precision ? HRS_F32 : HRS_F64,
                         .sharing = o->shm ? HRS_SHARE_OFF : HRS_SHARE_AUTO,
                         .chunk = o->chunk,
                         .blocks = o->blocks,
                         .ranks_per_sample = o->ranks_per_sample};
  return HRS_OK;
}
