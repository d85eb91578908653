/* The registry of kinds: a new one is a line here. */
#include "kinds.h"

#include "features/features.h"
#include "interactions/interactions.h"

const hrs_kind *const hrs_kinds[] = {&hrs_interactions_kind, &hrs_features_kind, NULL};
