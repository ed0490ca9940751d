/*
 * The faults of faulty-ocspd, and the primitives that they are made of.  To add a fault over an
 * existing primitive is to add its line.
 */
#ifndef STAPLELAB_OCSP_FAULTS_CATALOGUE_H
#define STAPLELAB_OCSP_FAULTS_CATALOGUE_H

#include "responders/engine/fault.h"

/* Ends with a name of NULL. */
extern const fault_line ocsp_fault_lines[];

/* Ends with NULL. */
extern const primitive *const ocsp_fault_primitives[];

#endif
