/* The first reason to refuse a model is kept; who only looks at a file sees the rest of it. */
#include "network/graph.h"

hrs_status hrs_model_refuse(hrs_model *model, hrs_status status) {
  if (model->refused != HRS_OK) return HRS_OK;
  HRS_TRY(hrs_strdup(hrs_error_message(), &model->refusal));
  model->refused = status;
  return HRS_OK;
}
