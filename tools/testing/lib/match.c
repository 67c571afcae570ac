// SPDX-License-Identifier: GPL-2.0-only
/* Prints the reports among the lines of standard input; for lib/test. */

#include <stdio.h>

#include "reports.h"

int main(int argc, char **argv)
{
	char line[1024];

	if (argc != 2 || reports_load(argv[1]))
		return 2;
	while (fgets(line, sizeof(line), stdin))
		if (reports_match(line) == REPORT_BAD)
			fputs(line, stdout);
	return 0;
}
