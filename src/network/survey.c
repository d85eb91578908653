/* What a model is made of, supported or not: for the first look that a user takes at a file. */
#include "network/steps.h"

#include <string.h>

static bool is_real(int32_t type) {
  return type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT ||
         type == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE ||
         type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16 ||
         type == ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16;
}

static hrs_status count_parameters(const hrs_model *model, hrs_count *out) {
  const Onnx__GraphProto *graph = model->proto->graph;
  *out = 0;
  for (size_t i = 0; i < graph->n_initializer; i++) {
    const Onnx__TensorProto *tensor = graph->initializer[i];
    hrs_count count = 1;
    for (size_t d = 0; d < tensor->n_dims; d++)
      HRS_TRY(hrs_multiply(count, tensor->dims[d], "parameters", &count));
    if (is_real(tensor->data_type)) *out += count;
  }
  return HRS_OK;
}

static hrs_operator_use *find_use(hrs_model_survey *survey, const hrs_graph_node *node) {
  bool supported = node->base.def != NULL;
  for (int i = 0; i < survey->uses; i++)
    if (strcmp(survey->use[i].name, node->base.op) == 0 && survey->use[i].supported == supported)
      return &survey->use[i];
  hrs_operator_use *use = &survey->use[survey->uses++];
  *use = (hrs_operator_use){.name = node->base.op,
                            .opset = node->base.opset,
                            .supported = supported,
                            .first_node = node->base.name,
                            .torch_name = hrs_torch_name(node->base.op)};
  return use;
}

hrs_status hrs_model_look(const hrs_model *model, hrs_model_survey *out) {
  const Onnx__ModelProto *proto = model->proto;
  memset(out, 0, sizeof *out);
  out->ir_version = proto->ir_version;
  out->producer = proto->producer_name ? proto->producer_name : "";
  out->producer_version = proto->producer_version ? proto->producer_version : "";
  for (size_t i = 0; i < proto->n_opset_import; i++) {
    const char *domain = proto->opset_import[i]->domain;
    if (!domain || !*domain || strcmp(domain, "ai.onnx") == 0)
      out->opset = proto->opset_import[i]->version;
  }
  HRS_TRY(count_parameters(model, &out->parameters));
  HRS_TRY(hrs_calloc(model->graph.n_nodes + 1, sizeof *out->use, &out->use));
  for (int i = 0; i < model->graph.n_nodes; i++) {
    const hrs_graph_node *node = &model->graph.node[i];
    if (!node->select) find_use(out, node)->count++;
  }
  return HRS_OK;
}

void hrs_model_survey_destroy(hrs_model_survey *survey) {
  hrs_free(survey->use);
  memset(survey, 0, sizeof *survey);
}

const char *hrs_session_one_by_one(const hrs_session *session, int index) {
  for (int i = 0; i < session->n_steps; i++) {
    const hrs_step *step = session->step[i];
    unsigned flags = step->node.def->flags;
    if (step->folded || flags & (HRS_OP_BATCHED | HRS_OP_VIEW)) continue;
    bool seen = false;
    for (int k = 0; k < i && !seen; k++)
      seen = !session->step[k]->folded && session->step[k]->node.def == step->node.def;
    if (!seen && index-- == 0) return step->node.op;
  }
  return NULL;
}
