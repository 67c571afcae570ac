/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the headers of Linux 7.3 ask of sparse and 0.6.4, the newest release
 * (Debian 12 and 13 have it), does not know. Included before everything else
 * when sparse reads the driver; the compilers never see it.
 */

/* Kbuild does without sparse unless it knows this; the type will do. */
#define __typeof_unqual__ __typeof__

/* Constant for a literal: the headers assert the length of module information. */
#define __builtin_strlen(literal) (sizeof(literal) - 1)
