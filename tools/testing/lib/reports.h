/* SPDX-License-Identifier: GPL-2.0-only */
/* Detects reports in the kernel log by the patterns in kernel-reports. */
#ifndef LIB_REPORTS_H
#define LIB_REPORTS_H

enum report_kind {
	REPORT_NONE,
	REPORT_BAD,	/* a report, or its first line */
	REPORT_STALL,	/* a report if the driver is in the trace */
};

/*
 * Read the patterns. Returns 0, or -1 with a message on stderr if the file cannot
 * be read, is empty or has an invalid expression.
 */
int reports_load(const char *path);

/* Classify a line without its time stamp. Call reports_load() first. */
enum report_kind reports_match(const char *line);

#endif
