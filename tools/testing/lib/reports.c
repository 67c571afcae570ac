// SPDX-License-Identifier: GPL-2.0-only
/* Detects reports in the kernel log; see the file kernel-reports. */

#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "reports.h"

#define STALL	"stall: "
#define MAX_PATTERNS	128

static struct {
	regex_t regex;
	enum report_kind kind;
} list[MAX_PATTERNS];
static unsigned int count;

int reports_load(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[256];

	count = 0;
	if (!f) {
		perror(path);
		return -1;
	}
	while (fgets(line, sizeof(line), f) && count < MAX_PATTERNS) {
		char *text = line;

		line[strcspn(line, "\n")] = 0;
		if (!line[0] || line[0] == '#')
			continue;
		list[count].kind = REPORT_BAD;
		if (!strncmp(text, STALL, strlen(STALL))) {
			list[count].kind = REPORT_STALL;
			text += strlen(STALL);
		}
		if (regcomp(&list[count].regex, text,
			    REG_EXTENDED | REG_NOSUB)) {
			fprintf(stderr, "%s: invalid expression: %s\n", path,
				text);
			fclose(f);
			return -1;
		}
		count++;
	}
	fclose(f);
	if (!count || count == MAX_PATTERNS) {
		fprintf(stderr, "%s: no expressions, or too many\n", path);
		return -1;
	}
	return 0;
}

enum report_kind reports_match(const char *line)
{
	enum report_kind kind = REPORT_NONE;
	unsigned int i;

	for (i = 0; i < count && kind != REPORT_STALL; i++)
		if (!regexec(&list[i].regex, line, 0, NULL, 0))
			kind = list[i].kind;
	return kind;
}
