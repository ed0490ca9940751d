/* The stages that a response passes. */
#ifndef STAPLELAB_ENGINE_STAGE_H
#define STAPLELAB_ENGINE_STAGE_H

/* In the order in which they are passed. */
typedef enum {
    STAGE_LISTENER, /* a listening socket, as long as the rule is in force */
    STAGE_ACCEPT,   /* a connection that was just accepted, before anything is read */
    STAGE_MODEL,    /* the response as a structure, its fields open */
    STAGE_ENCODED,  /* the response as it was encoded */
    STAGE_MESSAGE,  /* the message around it, its fields open */
    STAGE_WIRE,     /* the octets of the message */
    STAGE_PACE,     /* when which of them are sent */
    STAGE_END,      /* how many of them are sent, and how the connection ends then */
} stage;

#define STAGES (STAGE_END + 1)

/* "listener", "accept", "model", ... */
const char *stage_name(stage s);

#endif
