/* Domains of operators, and the operator sets that a file imports. */
#include "network/graph.h"

#include <string.h>

bool hrs_domain_is_default(const char *domain) {
  return !domain || !*domain || strcmp(domain, "ai.onnx") == 0;
}

static bool same_domain(const char *a, const char *b) {
  return hrs_domain_is_default(a) ? hrs_domain_is_default(b) : b && strcmp(a, b) == 0;
}

int64_t hrs_opset_imported(const hrs_imports *imports, const char *domain) {
  for (size_t i = 0; i < imports->count; i++)
    if (same_domain(imports->set[i]->domain, domain)) return imports->set[i]->version;
  return -1;
}

static hrs_status check(const hrs_imports *imports, const char *path, const char *where) {
  int64_t version = hrs_opset_imported(imports, "");
  HRS_REQUIRE(version >= 0, INPUT, "%s: %s does not say which operator set it uses", path, where);
  HRS_REQUIRE(version >= HRS_MIN_OPSET && version <= HRS_MAX_OPSET, UNSUPPORTED,
              "%s: %s uses operator set %lld; %d to %d are supported (onnx.version_converter "
              "converts between them)",
              path, where, (long long)version, HRS_MIN_OPSET, HRS_MAX_OPSET);
  return HRS_OK;
}

hrs_status hrs_opset_check(hrs_model *model, const hrs_imports *imports, const char *where,
                           bool *supported) {
  hrs_status status = check(imports, model->path, where);
  *supported = status == HRS_OK;
  return *supported ? HRS_OK : hrs_model_refuse(model, status);
}
