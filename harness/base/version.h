/* The version of all programs, and of the Python package that reads it here. */
#ifndef STAPLELAB_BASE_VERSION_H
#define STAPLELAB_BASE_VERSION_H

#define STAPLELAB_VERSION "0.1.0"

#endif
