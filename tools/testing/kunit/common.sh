# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Shared by run and lint: where things are, the build tools that this machine
# lacks, and a kernel source tree with our driver in its place.

export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../../.." && pwd)
build=${BUILD:-$top/build}
ksrc=${KSRC:-$build/src/linux-7.3}
driver=${IOSM_DIR:-$top/drivers/net/wwan/iosm}
shadow=$build/kunit/src

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "error: $*"; exit 1; }

need_source()
{
	if [ ! -e "$ksrc/Makefile" ]; then
		[ -z "${KSRC-}" ] || die "KSRC=$KSRC is no kernel source"
		"$top/tools/testing/qemu/fetch" source || exit 1
	fi
	ksrc=$(cd "$ksrc" && pwd)
	driver=$(cd "$driver" && pwd) || die "no driver in $driver"
}

# need_tools COMMAND=PACKAGE...: put a command into PATH, from the Debian
# archive into build/tools when it is not installed. Needs no root. NAME.h is a
# header, NAME.py a module of Python.
need_tools()
{
	local t=$build/tools w packages=() opts debs rt

	export PATH=$PATH:$t/usr/bin:$t/usr/lib/llvm-19/bin
	export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$t/usr/lib/x86_64-linux-gnu:$t/usr/lib/llvm-19/lib
	export C_INCLUDE_PATH=${C_INCLUDE_PATH:+$C_INCLUDE_PATH:}$t/usr/include:$t/usr/include/x86_64-linux-gnu
	export LIBRARY_PATH=${LIBRARY_PATH:+$LIBRARY_PATH:}$t/usr/lib/x86_64-linux-gnu
	export PYTHONPATH=${PYTHONPATH:+$PYTHONPATH:}$t/usr/lib/python3/dist-packages
	# bison finds its skeletons and m4 by built-in paths
	[ ! -d "$t/usr/share/bison" ] || export BISON_PKGDATADIR=$t/usr/share/bison
	command -v m4 >/dev/null && M4=$(command -v m4) && export M4

	for w; do
		case $w in
		*.h=*) [ -e "/usr/include/${w%%=*}" ] || [ -e "$t/usr/include/${w%%=*}" ] ;;
		*.py=*) python3 -c "import ${w%%.py=*}" 2>/dev/null ;;
		libclang_rt.*=*) rt=usr/lib/llvm-19/lib/clang/19/lib/linux/${w%%=*}-x86_64.a
			[ -e "/$rt" ] || [ -e "$t/$rt" ] ;;
		*) command -v "${w%%=*}" >/dev/null ;;
		esac || packages+=("${w#*=}")
	done
	[ ${#packages[@]} -gt 0 ] || return 0

	say "fetching ${packages[*]}"
	debs=$build/dl/tools
	mkdir -p "$debs/archives/partial" "$t" || exit 1
	rm -f "$debs"/archives/*.deb
	opts=(-qq -o Debug::NoLocking=1 -o "Dir::Cache=$debs" -o APT::Sandbox::User=)
	apt-get "${opts[@]}" -y -d --no-install-recommends install "${packages[@]}" \
		>/dev/null 2>&1 || {
		# No usable package lists on this machine: read our own.
		mkdir -p "$debs/lists/partial"
		opts+=(-o "Dir::State::lists=$debs/lists")
		apt-get "${opts[@]}" update >&2 &&
		apt-get "${opts[@]}" -y -d --no-install-recommends install \
			"${packages[@]}" >&2 ||
			die "cannot fetch ${packages[*]}; as root: apt-get install ${packages[*]}"
	}
	for w in "$debs"/archives/*.deb; do
		dpkg-deb -x "$w" "$t" || die "cannot unpack $w"
	done
	# The packages count as present from now on; what is still missing
	# could not be helped by them.
	for w in "${packages[@]}"; do
		[ -z "${need_tools_again-}" ] ||
			die "$w is not usable from $t; as root: apt-get install $w"
	done
	need_tools_again=1
	hash -r
	need_tools "$@"
}

# A tree of links to the kernel source in which drivers/net/wwan/iosm is ours.
# The pristine tree is never written to. The folders on the way down are real,
# and tools/testing/kunit is a copy, because kunit.py takes the tree that its
# resolved path lies in.
make_shadow()
{
	local stamp d e

	stamp="$ksrc $driver"
	if [ "$(cat "$shadow.stamp" 2>/dev/null)" != "$stamp" ]; then
		rm -rf "$shadow" && mkdir -p "$shadow" || exit 1
		for d in . drivers drivers/net drivers/net/wwan tools tools/testing; do
			mkdir -p "$shadow/$d"
			for e in "$ksrc/$d"/* "$ksrc/$d"/.[a-z]*; do
				[ -e "$e" ] && ln -sfn "$e" "$shadow/$d/${e##*/}"
			done
			case $d in
			.) rm "$shadow"/{drivers,tools} ;;
			drivers) rm "$shadow/drivers/net" ;;
			drivers/net) rm "$shadow/drivers/net/wwan" ;;
			drivers/net/wwan) rm "$shadow"/drivers/net/wwan/{Kconfig,iosm} ;;
			tools) rm "$shadow/tools/testing" ;;
			tools/testing) rm "$shadow/tools/testing/kunit" ;;
			esac
		done
		cp -r "$ksrc/tools/testing/kunit" "$shadow/tools/testing/" || exit 1
		ln -s "$driver" "$shadow/drivers/net/wwan/iosm"
		# The block of the tree's own driver gives way to our Kconfig.
		awk '
			/^config IOSM$/ { print "source \"drivers/net/wwan/iosm/Kconfig\"\n"; skip = 1; next }
			/^(config|menuconfig|if|endif|source|choice|endmenu)/ { skip = 0 }
			!skip
		' "$ksrc/drivers/net/wwan/Kconfig" >"$shadow/drivers/net/wwan/Kconfig"
		grep -q 'wwan/iosm/Kconfig' "$shadow/drivers/net/wwan/Kconfig" ||
			die "no config IOSM in $ksrc/drivers/net/wwan/Kconfig"
		printf '%s\n' "$stamp" >"$shadow.stamp"
	fi
}

# progress FOLDER END: say how many objects FOLDER has, until the file END exists:
# in place on a terminal, and a line each 30 s in a log
progress()
{
	local pause=30 start=$SECONDS n last=

	[ ! -t 2 ] || pause=2
	exec 9>&-
	while sleep "${PROGRESS_SECONDS:-$pause}" && [ ! -e "$2" ]; do
		n=$(find "$1" -name '*.o' 2>/dev/null | wc -l)
		[ "$n" != "$last" ] || continue
		last=$n
		if [ -t 2 ]; then
			printf '\r%s: %d objects after %d s ' "${0##*/}" "$n" \
				$((SECONDS - start)) >&2
		else
			say "$n objects after $((SECONDS - start)) s"
		fi
	done
	[ -z "$last" ] || [ ! -t 2 ] || echo >&2
}

# report NAME PASSED FAILED SKIPPED: one line for the summary of make check
report()
{
	[ -z "${SUMMARY-}" ] || printf '%s %d %d %d\n' "$@" >>"$SUMMARY"
}
