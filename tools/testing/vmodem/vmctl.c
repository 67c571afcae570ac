// SPDX-License-Identifier: GPL-2.0-only
/* vmctl: send requests to a vmodem's control socket, print the answers. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char usage[] =
"Usage: vmctl [-s PATH] COMMAND [ARG]...\n"
"       vmctl [-s PATH] -\n"
"\n"
"Send one request (with '-': each line of standard input) to the\n"
"control socket of a vmodem and print the answer. \"vmctl help\" lists the\n"
"requests.\n"
"\n"
"  -s PATH   the socket; default: the environment's VMODEM_CONTROL\n"
"\n"
"Exit status: 0 ok, 1 the modem answered with an error, 2 no answer.\n";

static FILE *modem_in, *modem_out;

static int modem_connect(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(sun.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sun, sizeof(sun)))
		return -1;
	modem_in = fdopen(fd, "r");
	modem_out = fdopen(dup(fd), "w");
	return modem_in && modem_out ? 0 : -1;
}

/* Print up to the line that ends the answer. Returns the exit status. */
static int modem_answer(void)
{
	char *line = NULL;
	size_t room = 0;
	int ret = 2;

	while (getline(&line, &room, modem_in) > 0) {
		if (!strcmp(line, "ok\n")) {
			ret = 0;
			break;
		}
		if (!strncmp(line, "error: ", 7)) {
			fflush(stdout);
			fputs(line, stderr);
			ret = 1;
			break;
		}
		fputs(line, stdout);
	}
	if (ret == 2)
		fprintf(stderr, "vmctl: the modem closed the connection\n");
	free(line);
	fflush(stdout);
	return ret;
}

static int from_stdin(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int ret = 0;

	while (ret != 2 && (len = getline(&line, &room, stdin)) > 0) {
		int one;

		fputs(line, modem_out);
		if (line[len - 1] != '\n')
			fputc('\n', modem_out);
		fflush(modem_out);
		one = modem_answer();
		if (one)
			ret = one;
	}
	free(line);
	return ret;
}

int main(int argc, char **argv)
{
	const char *path = getenv("VMODEM_CONTROL");
	int opt, i;

	while ((opt = getopt(argc, argv, "+s:h-:")) >= 0) {
		if (opt == 'h' || (opt == '-' && !strcmp(optarg, "help"))) {
			fputs(usage, stdout);
			return 0;
		}
		if (opt != 's') {
			fputs(usage, stderr);
			return 2;
		}
		path = optarg;
	}
	if (optind >= argc || !path) {
		fputs(usage, stderr);
		return 2;
	}
	if (modem_connect(path)) {
		fprintf(stderr, "vmctl: %s: %s\n", path, strerror(errno));
		return 2;
	}
	if (!strcmp(argv[optind], "-") && optind + 1 == argc)
		return from_stdin();
	for (i = optind; i < argc; i++)
		fprintf(modem_out, "%s%s", argv[i], i + 1 < argc ? " " : "\n");
	fflush(modem_out);
	return modem_answer();
}
