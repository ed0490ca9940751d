/* Counters and gauges as Prometheus text (exposition format 0.0.4). */
#ifndef STAPLELAB_CONTROL_METRICS_H
#define STAPLELAB_CONTROL_METRICS_H

#include <event2/http.h>

#include "responders/control/ops.h"

/* Responds to the request. */
void control_metrics(const control_ops *ops, struct evhttp_request *request);

#endif
