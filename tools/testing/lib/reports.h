/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of the kernel's log that are reports, by the list in kernel-reports. */
#ifndef LIB_REPORTS_H
#define LIB_REPORTS_H

enum report_kind {
	REPORT_NONE,
	REPORT_BAD,	/* a report, or the beginning of one */
	REPORT_STALL,	/* one only if the driver is in the trace that follows */
};

/*
 * Read the list. Returns 0, or -1 with a message on stderr: the file cannot be
 * read, or is empty, or an expression is wrong.
 */
int reports_load(const char *path);

/* What one line of the log is, without its time stamp. After reports_load(). */
enum report_kind reports_match(const char *line);

#endif
