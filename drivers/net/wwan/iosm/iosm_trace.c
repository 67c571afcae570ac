// SPDX-License-Identifier: GPL-2.0-only
/* Definition of the tracepoints. */

#define CREATE_TRACE_POINTS
#include "iosm_trace.h"
