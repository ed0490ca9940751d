/* See stage.h. */
#include "responders/engine/stage.h"

static const char *const stage_names[STAGES] = {
    [STAGE_LISTENER] = "listener", [STAGE_ACCEPT] = "accept",   [STAGE_MODEL] = "model",
    [STAGE_ENCODED] = "encoded",   [STAGE_MESSAGE] = "message", [STAGE_WIRE] = "wire",
    [STAGE_PACE] = "pace",         [STAGE_END] = "end",
};

const char *stage_name(stage s)
{
    return stage_names[s];
}
