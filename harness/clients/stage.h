/*
 * How far a client has come: what it tells of itself, and where it can be told to stop.
 */
#ifndef STAPLELAB_STAGE_H
#define STAPLELAB_STAGE_H

typedef enum {
    STAGE_NONE = 0,
    STAGE_CONNECTED,  /* TCP; nothing was sent */
    STAGE_HALF_HELLO, /* half of the ClientHello was sent; only told of when the client stops there
                       */
    STAGE_HELLO,      /* all of it; nothing was read */
    STAGE_HANDSHAKE,  /* it is completed, the connection is open */
    STAGE_REQUEST,    /* the request was sent */
    STAGE_RESPONSE,   /* the response is whole */
    STAGE_CLOSED,     /* the server closed while the client had stopped */
    STAGE_WAITING     /* no stage: somebody asked, and there is nothing to read */
} stage;

/* The words for them, by their number; ends with NULL, and the first one is "none". */
extern const char *const stage_words[];

/* The last one to stop at. */
#define STAGE_LAST_STOP STAGE_HANDSHAKE

#endif
