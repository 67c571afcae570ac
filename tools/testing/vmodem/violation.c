// SPDX-License-Identifier: GPL-2.0-only
/* The log, and the violations and quirks of the host. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "device_priv.h"

/* Limit of log lines per name; the count continues. */
#define VIOLATION_LOGGED	20

int vm_log_open(struct vm *vm, const char *path)
{
	FILE *f = fopen(path, "a");

	if (!f)
		return -errno;
	if (vm->log && vm->log != stderr)
		fclose(vm->log);
	vm->log = f;
	return 0;
}

static void log_line(struct vm *vm, const char *kind, const char *fmt,
		     va_list ap)
{
	FILE *f = vm->log ? vm->log : stderr;
	uint64_t now = loop_now();

	fprintf(f, "[%5llu.%06llu] %s", (unsigned long long)(now / 1000000),
		(unsigned long long)(now % 1000000), kind);
	vfprintf(f, fmt, ap);
	fputc('\n', f);
	fflush(f);
}

void vm_log(struct vm *vm, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(vm, "", fmt, ap);
	va_end(ap);
}

void vm_debug(struct vm *vm, const char *fmt, ...)
{
	va_list ap;

	if (!vm->config.verbose)
		return;
	va_start(ap, fmt);
	log_line(vm, "- ", fmt, ap);
	va_end(ap);
}

static void violation_add(struct vm *vm, struct vm_violation_count **list,
			  const char *kind, int quirk, const char *name,
			  const char *fmt, va_list ap)
{
	struct vm_violation_count *v;

	for (v = *list; v; list = &v->next, v = *list)
		if (!strcmp(v->name, name))
			break;
	if (!v) {
		v = calloc(1, sizeof(*v));
		if (v)
			v->name = strdup(name);
		if (!v || !v->name) {
			/* Do not lose a violation when out of memory. */
			perror(name);
			abort();
		}
		*list = v;
	}
	v->quirk = quirk;
	v->count++;
	vsnprintf(v->last, sizeof(v->last), fmt, ap);
	if (v->count <= VIOLATION_LOGGED)
		vm_log(vm, "%s %s: %s%s", kind, name, v->last,
		       v->count == VIOLATION_LOGGED ? " (further ones are not logged)" : "");
}

void vm_violation(struct vm *vm, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	violation_add(vm, &vm->violations, "VIOLATION", 0, name, fmt, ap);
	va_end(ap);
}

bool vm_quirk(struct vm *vm, int nr, const char *name, const char *fmt, ...)
{
	bool tolerated = vm->config.quirks_reference;
	va_list ap;

	va_start(ap, fmt);
	if (tolerated)
		violation_add(vm, &vm->quirks, "quirk", nr, name, fmt, ap);
	else
		violation_add(vm, &vm->violations, "VIOLATION", nr, name, fmt,
			      ap);
	va_end(ap);
	return tolerated;
}

static uint64_t violation_count(const struct vm_violation_count *v, const char *name)
{
	uint64_t n = 0;

	for (; v; v = v->next)
		if (!name || !strcmp(v->name, name))
			n += v->count;
	return n;
}

uint64_t vm_violations(const struct vm *vm, const char *name)
{
	return violation_count(vm->violations, name);
}

uint64_t vm_quirks(const struct vm *vm, const char *name)
{
	return violation_count(vm->quirks, name);
}

void violation_clear(struct vm_violation_count *list)
{
	while (list) {
		struct vm_violation_count *v = list;

		list = v->next;
		free(v->name);
		free(v);
	}
}

void violation_free(struct vm *vm)
{
	violation_clear(vm->violations);
	violation_clear(vm->quirks);
	vm->violations = NULL;
	vm->quirks = NULL;
	if (vm->log && vm->log != stderr)
		fclose(vm->log);
	vm->log = NULL;
}
