/* The types of parameters that only OCSP has. */
#ifndef STAPLELAB_OCSP_FAULTS_PARAMS_H
#define STAPLELAB_OCSP_FAULTS_PARAMS_H

#include "responders/engine/param.h"

/* octets: the value of the INTEGER, from a serial number in hex. */
extern const param_type ocsp_param_serial;

/* instant: a number of seconds from now, or a time as text. */
extern const param_type ocsp_param_instant;

/* char *: the id of a certificate that the ocsp_store has. */
extern const param_type ocsp_param_signer;

#endif
