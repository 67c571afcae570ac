// SPDX-License-Identifier: GPL-2.0-only
/*
 * Detects reports of the kernel's checkers, leftovers and hangs. The output for
 * the runner is:
 *
 *	at SCENARIO SEED		an episode begins
 *	count NAME N			a count; the runner adds them up
 *	not ok SCENARIO SEED TEXT	a failure; lines with # follow
 */

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <regex.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/reports.h"
#include "torture.h"

/* The list of patterns of reports; the runner provides this file. */
#define REPORTS		"/add/kernel-reports"
#define DMA_ERRORS	"/sys/kernel/debug/dma-api/error_count"
#define DMA_SHOW_ALL	"/sys/kernel/debug/dma-api/all_errors"

/*
 * 7.3 frees an address first and removes it from this checker afterwards. If
 * another CPU allocates the same address in between, the checker has two entries
 * for it, and reports the sync of a part as "not allocated". Accesses to memory
 * that is really unmapped are still detected: KASAN reports the use after free.
 */
#define DMA_TWICE	"tries to sync DMA memory it has not allocated"
#define DMA_TWICE_AT	" at check_sync+"
#define DMA_TWICE_MAX	3	/* per guest: a rare race */

#define ACTION_MS	240000	/* an action that takes longer hangs */

static regex_t allowed[16];
static unsigned int n_allowed;
static unsigned long n_ignored;
static int kmsg = -1;
static char scenario[32] = "start";
static uint64_t episode;
static char action[128];
static uint64_t action_since;
static unsigned long dma_twice;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* The last lines of the kernel log, printed with a failure. */
#define RECENT	256
static char recent[RECENT][240];
static unsigned int recent_at;

/* allow() - ignore reports that the scenario causes in other code */
void allow(const char *pattern)
{
	if (n_allowed < 16 &&
	    !regcomp(&allowed[n_allowed], pattern, REG_EXTENDED | REG_NOSUB))
		n_allowed++;
}

void begin(const char *name, uint64_t seed)
{
	pthread_mutex_lock(&lock);
	snprintf(scenario, sizeof(scenario), "%s", name);
	episode = seed;
	pthread_mutex_unlock(&lock);
	printf("at %s %llu\n", name, (unsigned long long)seed);
	fflush(stdout);
	doing("begin");
}

void failed(const char *format, ...)
{
	unsigned int i;
	va_list ap;

	pthread_mutex_lock(&lock);
	printf("not ok %s %llu ", scenario, (unsigned long long)episode);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
	for (i = 0; i < RECENT; i++)
		if (recent[(recent_at + i) % RECENT][0])
			printf("# | %s\n", recent[(recent_at + i) % RECENT]);
	fflush(stdout);
	pthread_mutex_unlock(&lock);
}

void counted(const char *what, unsigned long n)
{
	printf("count %s %lu\n", what, n);
	fflush(stdout);
}

/* doing() - set the step that the watchdog reports if it hangs */
void doing(const char *what)
{
	pthread_mutex_lock(&lock);
	if (opt.verbose)
		printf("# %llu ms: %s\n",
		       (unsigned long long)(now_ms() - action_since), action);
	snprintf(action, sizeof(action), "%s", what);
	action_since = now_ms();
	pthread_mutex_unlock(&lock);
}

/* ---- Kernel log ---- */

static bool is_allowed(const char *text)
{
	unsigned int i;

	for (i = 0; i < n_allowed; i++)
		if (!regexec(&allowed[i], text, 0, NULL, 0))
			return true;
	return false;
}

static void record_line(const char *text)
{
	snprintf(recent[recent_at++ % RECENT], sizeof(recent[0]), "%.239s", text);
}

/*
 * The PCIe hotplug driver takes two of its locks in both orders when it removes
 * a card. Lockdep reports this once, for any card. The name of the lock, which
 * follows some lines later, identifies this report.
 */
#define SLOT_LOCKS	"(&ctrl->reset_lock){"

/* Check one record of the log; true if it is a report. */
static bool is_report(char *record)
{
	static unsigned int stalled, circular;
	char *text = strchr(record, ';');
	enum report_kind kind;
	bool hit;
	char *end;

	text = text ? text + 1 : record;
	end = strchr(text, '\n');
	if (end)
		*end = 0;
	/* Function names in a stack trace are not reports. */
	kind = text[0] == ' ' && strstr(text, "+0x") ? REPORT_NONE :
						       reports_match(text);
	hit = kind == REPORT_BAD;
	record_line(text);

	/*
	 * In software emulation a virtual CPU may get no time for long. A stall
	 * counts only if the driver is in the trace that follows.
	 */
	if (kind == REPORT_STALL) {
		stalled = 80;
		return false;
	}
	if (stalled) {
		stalled--;
		if (strstr(text, "[iosm]") || strstr(text, "iosm_"))
			return true;
	}
	/* Ignore the known races in other parts of the kernel. */
	if (strstr(text, "BUG: KCSAN: "))
		return !!strstr(text, "iosm");
	if (hit && strstr(text, DMA_TWICE))
		return ++dma_twice > DMA_TWICE_MAX;
	if (hit && dma_twice && strstr(text, DMA_TWICE_AT))
		return false;
	if (hit && strstr(text, "possible circular locking")) {
		circular = 8;
		return false;
	}
	if (circular && strstr(text, SLOT_LOCKS) &&
	    strstr(text, "pciehp_unconfigure_device"))
		circular = 0;
	else if (circular && !--circular)
		return true;
	if (hit && is_allowed(text)) {
		n_ignored++;
		return false;
	}
	return hit;
}

/* report_clean() - check that the log has no new reports */
bool report_clean(void)
{
	char record[8192], first[240] = "";
	bool clean = true;
	ssize_t n;

	for (;;) {
		n = read(kmsg, record, sizeof(record) - 1);
		if (n < 0 && errno == EPIPE)
			continue;	/* overwritten: continue with the oldest */
		if (n <= 0)
			break;
		record[n] = 0;
		if (is_report(record) && clean) {
			clean = false;
			snprintf(first, sizeof(first), "%s",
				 recent[(recent_at - 1) % RECENT]);
			sleep_ms(200);	/* the rest of the report */
		}
	}
	if (!clean)
		failed("report: %s", first);
	return clean;
}

/* ---- Hanging ---- */

/*
 * A packet that is freed on a CPU other than its own is queued until the next
 * receive softirq. After an interrupt has moved to another CPU there may be none,
 * and the page pool of the packet is never freed. Cause a softirq on every CPU.
 */
static void flush_packets(void)
{
	static int fd = -1;
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	unsigned int cpu, n = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	if (fd < 0)
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	for (cpu = 0; fd >= 0 && cpu < n; cpu++) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		if (!sched_setaffinity(0, sizeof(set), &set))
			sendto(fd, &n, sizeof(n), MSG_DONTWAIT,
			       (struct sockaddr *)&to, sizeof(to));
	}
}

static void *watch(void *arg)
{
	uint64_t since;

	for (;;) {
		sleep_ms(500);
		flush_packets();
		pthread_mutex_lock(&lock);
		since = action_since;
		pthread_mutex_unlock(&lock);
		if (now_ms() - since < ACTION_MS)
			continue;
		put("/proc/sysrq-trigger", "w");
		put("/proc/sysrq-trigger", "d");
		sleep_ms(1000);
		report_clean();
		failed("hangs: %s", action);
		_exit(3);
	}
	return arg;
}

/* ---- Leftovers ---- */

static unsigned long number_in(const char *path)
{
	char text[32];

	return get(path, text, sizeof(text)) > 0 ? strtoul(text, NULL, 10) : 0;
}

static unsigned long dma_errors;

/* Threads of the driver. A kworker has the name of its last work only. */
static bool has_thread(char *name, size_t size)
{
	DIR *dir = opendir("/proc");
	char path[280], comm[32];
	struct dirent *d;
	bool found = false;

	if (!dir)
		return false;
	while (!found && (d = readdir(dir))) {
		if (d->d_name[0] < '0' || d->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/comm", d->d_name);
		if (get(path, comm, sizeof(comm)) <= 0 ||
		    !strncmp(comm, "kworker", 7) || !strstr(comm, "iosm"))
			continue;
		snprintf(name, size, "%.*s", (int)strcspn(comm, "\n"), comm);
		found = true;
	}
	closedir(dir);
	return found;
}

static bool in_file(const char *path, const char *word)
{
	static char text[65536];
	int n = get(path, text, sizeof(text));

	return n > 0 && strstr(text, word);
}

/* report_end() - print the number of ignored reports */
void report_end(void)
{
	counted("ignored.sync", dma_twice);
	counted("ignored.lines", n_ignored);
}

/* leftovers() - true if anything of the unloaded module is left */
bool leftovers(void)
{
	char name[256];

	/* Updates the number of ignored errors of the DMA API. */
	if (!report_clean())
		return true;
	if (loaded())
		failed("left: module");
	else if (!until(2000, all_gone))
		failed("left: port, link or WWAN device");
	else if (has_thread(name, sizeof(name)))
		failed("left: thread %s", name);
	else if (in_file("/proc/interrupts", "iosm"))
		failed("left: interrupt");
	else if (any_in("/sys/kernel/debug/wwan", "", name, sizeof(name)))
		failed("left: debugfs wwan/%s", name);
	else if (number_in(DMA_ERRORS) != dma_errors + dma_twice)
		failed("left: error of the DMA API");
	else
		return false;
	return true;
}

void report_start(void)
{
	pthread_t thread;

	if (reports_load(REPORTS))
		exit(1);
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0) {
		perror("/dev/kmsg");
		exit(1);
	}
	/* Earlier lines were checked before this program. */
	lseek(kmsg, 0, SEEK_END);
	/* The console is slow; reports are read from the log. */
	klogctl(8, NULL, 4);
	put("/proc/sys/kernel/hung_task_timeout_secs", "60");
	/* By default only the first error is reported. */
	put(DMA_SHOW_ALL, "1");
	dma_errors = number_in(DMA_ERRORS);
	doing("starting");
	if (pthread_create(&thread, NULL, watch, NULL)) {
		perror("torture: thread");
		exit(1);
	}
}
