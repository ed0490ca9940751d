/*
 * The primitives that need no protocol: of listening sockets, of connections that were just
 * accepted, of the pace of a delivery and its end (RFC 9293).
 *
 * Their subjects: of stage STAGE_LISTENER a listener_mode, of the others a delivery.
 */
#ifndef STAPLELAB_NET_PRIMITIVES_H
#define STAPLELAB_NET_PRIMITIVES_H

#include "responders/engine/primitive.h"

extern const primitive primitives_listener_mode; /* "listener-mode" mode */
extern const primitive primitives_accept_hold;   /* "accept-hold" ms */
extern const primitive primitives_accept_fin;    /* "accept-fin" */
extern const primitive primitives_accept_rst;    /* "accept-rst" wait */
extern const primitive primitives_delay;         /* "delay" ms, before: headers or body */
extern const primitive primitives_drip_head;     /* "drip-head" chunk, ms */
extern const primitive primitives_drip_body;     /* "drip-body" chunk, ms */
extern const primitive primitives_close;         /* "close" how, within, at */

#endif
