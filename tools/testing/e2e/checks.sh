# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the kernel's own checkers have to say. Runs in the guest; works on any
# kernel, says most on the debug kernel (make debug-kernel).
#
#	. /add/checks.sh
#	checks_begin		what was before does not count
#	...			torture
#	checks_reports		prints every report since; silence is success
#	rmmod iosm
#	checks_left		prints what is left of the driver
#	checks_leaks		prints memory that has leaked (some seconds); takes
#				the modem off the bus, so nothing can come after it
#
# Each of the last three succeeds when it has printed nothing.

# Lines of the kernel's log that are a report: the same list as for C.
checks_list=${BASH_SOURCE[0]%/*}/kernel-reports
[ -r "$checks_list" ] || checks_list=${BASH_SOURCE[0]%/*}/../lib/kernel-reports
checks_bad=
# Stalls count only with us in the trace: a guest that gets no time of the
# host's processors, or comes back from sleep, sees stalls of its own.
checks_stall=
while IFS= read -r checks_line; do
	case $checks_line in
	''|'#'*) ;;
	'stall: '*) checks_stall+="${checks_stall:+|}${checks_line#stall: }" ;;
	*) checks_bad+="${checks_bad:+|}$checks_line" ;;
	esac
done <"$checks_list"
[ -n "$checks_bad" ] && [ -n "$checks_stall" ] || {
	echo "checks.sh: $checks_list is empty" >&2
	exit 1
}
# What a test provokes on purpose (extended regex on lines of the log).
checks_expected=

checks_debug=/sys/kernel/debug
checks_number=0

# checks_begin: record the state before the test.
checks_begin()
{
	[ $checks_number -gt 0 ] || checks_leaks_forget
	checks_number=$((checks_number + 1))
	echo "checks: mark $checks_number" >/dev/kmsg
	# By default only the first error is reported.
	[ ! -e $checks_debug/dma-api/all_errors ] ||
		echo 1 >$checks_debug/dma-api/all_errors
	checks_dma=$(cat $checks_debug/dma-api/error_count 2>/dev/null)
}

# checks_log: the kernel's log since checks_begin; all of it when that has gone
checks_log()
{
	dmesg | awk -v mark="checks: mark $checks_number" '
		substr($0, length($0) - length(mark) + 1) == mark {
			n = 0; found = 1; next
		}
		{ line[n++] = $0 }
		END {
			for (i = 0; i < n; i++)
				print line[i]
		}'
}

# checks_filter: the reports in a log. Each is shown with the lines that follow it,
# as far as they are part of it.
checks_filter()
{
	# By the environment, as awk reads escapes in its variables once more.
	bad=$checks_bad stall=$checks_stall expected=${checks_expected:-^$} awk '
		BEGIN {
			bad = ENVIRON["bad"]
			stall = ENVIRON["stall"]
			expected = ENVIRON["expected"]
		}
		function stalled()
		{
			if (held != "" && ours)
				printf "%s", held
			held = ""; ours = 0
		}
		$0 ~ expected { next }
		# The checker has this address twice, see torture/report.c.
		/tries to sync DMA memory it has not allocated/ { twice = 1; next }
		twice && / at check_sync\+/ { next }
		# Two locks of the hotplug driver, whatever the card is.
		/possible circular locking/ { circle = $0 "\n"; lines = 12; next }
		lines > 0 {
			circle = circle $0 "\n"
			if (/ctrl->reset_lock.*pciehp_unconfigure_device/)
				lines = 0
			else if (!--lines) {
				printf "%s", circle
				show = 48
			}
			next
		}
		# Races elsewhere in the kernel are many, and known to their maintainers.
		/BUG: KCSAN: / && !/iosm/ { race = 1; next }
		race { race = !/====================/; next }
		$0 ~ stall { stalled(); held = $0 "\n"; after = 60; next }
		held != "" {
			held = held $0 "\n"
			if ($0 ~ /\[(iosm|wwan)\]|iosm_/)
				ours = 1
			if (!--after)
				stalled()
			next
		}
		$0 ~ bad { show = 60 }
		show > 0 { print; show-- }
		/end trace|<\/TASK>/ { show = 0 }
		END {
			stalled()
			if (lines > 0)
				printf "%s", circle
		}'
}

# checks_reports: what the checkers have reported.
checks_reports()
{
	local count twice status=0

	checks_log | checks_filter | grep . && status=1

	if [ -e $checks_debug/kcsan ] &&
	   ! grep -q '^enabled: 1' $checks_debug/kcsan; then
		echo "KCSAN is off"
		status=1
	fi
	# Lockdep and DMA-API debugging end with their first large trouble.
	if [ -e /proc/lockdep_stats ] &&
	   grep -q 'debug_locks: *0' /proc/lockdep_stats &&
	   ! dmesg | grep -q 'ctrl->reset_lock.*pciehp_unconfigure_device'; then
		echo "lockdep has switched itself off"
		status=1
	fi
	if [ -d $checks_debug/dma-api ]; then
		count=$(cat $checks_debug/dma-api/error_count)
		twice=$(checks_log | grep -c 'tries to sync DMA memory it has not')
		if [ "$count" != $((${checks_dma:-0} + twice)) ]; then
			echo "DMA-API errors: $count, before: ${checks_dma:-0}"
			status=1
		fi
		if ! grep -q '^[N0]' $checks_debug/dma-api/disabled; then
			echo "DMA-API debugging has switched itself off"
			status=1
		fi
	fi
	return $status
}

# checks_left: what remains of the module after it was unloaded.
checks_left()
{
	{
		[ ! -d /sys/module/iosm ] || echo "the module is loaded"
		# The name of a kworker contains its last work.
		grep -h -E '^(irq/.*iosm|napi/wwan|kworker/R-.*iosm|iosm)' \
			/proc/[0-9]*/comm 2>/dev/null | sed 's/^/thread /'
		sed -n '/iosm/s/^/interrupt /p' /proc/interrupts
		sed -n '/iosm/s/^/resource /p' /proc/iomem
		find /dev /sys/class/wwan /sys/class/net $checks_debug/wwan \
			$checks_debug/iosm* /sys/bus/pci/drivers/iosm \
			-name '*wwan[0-9]*' -o -name '*iosm*' 2>/dev/null
		devlink dev 2>/dev/null | sed 's/^/devlink /'
		[ ! -e $checks_debug/dma-api/dump ] ||
			grep ' iosm ' $checks_debug/dma-api/dump | sed 's/^/DMA /'
	} | grep .
	[ $? = 1 ]
}

# checks_leaks_forget: what has leaked until now is not of interest.
checks_leaks_forget()
{
	checks_pages=$(checks_page_stacks | md5sum)
	[ -w $checks_debug/kmemleak ] || return 0
	echo scan >$checks_debug/kmemleak
	echo clear >$checks_debug/kmemleak
}

# Pages that an unloaded module has asked for: its part of a trace are bare
# numbers. Those that hold small objects of everybody (slabs, fragments) and
# page tables of the kernel's own stay for good.
checks_page_stacks()
{
	local f=$checks_debug/page_owner_stacks/show_stacks

	[ -r $f ] || return 0
	awk '
		/^ *$/ { next }
		/nr_base_pages/ {
			if (ours && !shared)
				printf "%s%s\n", text, $0
			text = ""; ours = shared = 0
			next
		}
		{ text = text $0 "\n" }
		/^ *0x[0-9a-f]+$|\[iosm\]/ { ours = 1 }
		/allocate_slab|new_slab|page_frag|pte_alloc|p[mu4]d_alloc|stack_depot|kasan_populate|kmemleak/ { shared = 1 }
	' $f
}

# The kernel keeps page tables that mappings have once needed until the device
# leaves. So it leaves: what is still held then is leaked.
checks_drop_card()
{
	local d

	for d in /sys/bus/pci/devices/*; do
		case $(<"$d/vendor"),$(<"$d/device") in
		0x8086,0x7[35]60) echo 1 >"$d/remove" ;;
		esac
	done
}

# checks_leaks: memory without a reference. Kmemleak looks at objects
# only when they are some seconds old, and takes what it sees in a register or
# on a stack by chance as in use; what it finds twice has leaked.
checks_leaks()
{
	local f=$checks_debug/kmemleak status=0 n

	if [ -e $checks_debug/kcsan ]; then
		: # no kmemleak beside it
	elif [ ! -w $f ]; then
		echo "this kernel has no such checker"
		status=1
	else
		echo scan >$f
		for ((n = 0; n < 3; n++)); do
			sleep 5.2
			echo scan >$f
			# Objects of this moment look lost until their owner
			# has stored them; those go away again.
			grep -q . $f || break
		done
		if grep . $f; then
			status=1
			echo clear >$f
		fi
	fi
	checks_drop_card
	checks_page_stacks >/tmp/page-stacks
	if [ "$(md5sum </tmp/page-stacks)" != "${checks_pages-}" ]; then
		cat /tmp/page-stacks
		status=1
	fi
	return $status
}
