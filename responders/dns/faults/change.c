/* Whether a primitive has changed a response is seen by comparing, not by asking it. */
#include "responders/dns/faults/faults.h"

effect dns_fault_change(primitive_call *call, void (*change)(primitive_call *call))
{
    dns_response before;
    effect done = EFFECT_IMPOSSIBLE;

    dns_response_copy(call->subject, &before);
    change(call);
    if (call->why[0] == '\0') {
        done = dns_response_equal(call->subject, &before) ? EFFECT_NONE : EFFECT_DONE;
    }
    dns_response_clear(&before);
    return done;
}
