# SPDX-License-Identifier: GPL-2.0-only
#
# Builds and tests from one place; "make help" lists what there is. The driver
# itself is built by the kernel's Kbuild from drivers/net/wwan/iosm/Makefile.

ifneq ($(words $(CURDIR) $(MAKEFILE_LIST) x$(BUILD)),3)
$(error a path with a space ($(CURDIR)) does not work with Kbuild: move the folder, or set another BUILD)
endif
top   := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
BUILD ?= $(top)/build
# The kernel to boot, and with it the one to build for: stock, debug, or kcsan.
KERNEL ?= stock
tree_debug := debug-kernel
tree_kcsan := debug-kernel-kcsan
ifneq ($(filter modules_install,$(MAKECMDGOALS)),)
ifeq ($(origin KDIR),undefined)
KDIR := /lib/modules/$(shell uname -r)/build
ifeq ($(wildcard $(KDIR)/Makefile),)
$(error no headers of the running kernel in $(KDIR): install them, or set KDIR=)
endif
endif
endif
KDIR  ?= $(BUILD)/$(or $(tree_$(KERNEL)),kernel)/headers
T     ?=
export BUILD KERNEL SINCE FULL

# Check the variables before anything is fetched or built.
ifeq ($(filter stock debug kcsan,$(KERNEL))$(wildcard $(KERNEL)),)
$(error KERNEL=$(KERNEL): stock, debug, kcsan or the file of a kernel is needed)
endif
ifneq ($(QEMU),)
ifeq ($(findstring QEMU emulator,$(shell '$(QEMU)' --version 2>/dev/null </dev/null)),)
$(error QEMU=$(QEMU) is no QEMU: 10.1 or later is needed)
endif
endif
ifneq ($(filter-out 124 125,$(MM)),)
$(error MM=$(MM): 124 or 125 is needed)
endif
$(foreach v,SECONDS RUNS SEED JOBS,$(if $($v),$(if $(shell \
	echo '$($v)' | grep -x '[0-9][0-9]*'),,$(error $v=$($v): a number is needed))))

qemu := $(top)/tools/testing/qemu
stock := $(filter $(BUILD)/kernel/%,$(abspath $(KDIR)))

# Objects must not land beside the sources: Kbuild gets a folder of links to
# them. Passing O= or MO= would do the same, but not on older kernels.
kbuild = $(qemu)/kbuild '$(abspath $(KDIR))'

# Use all processors for what is built below, unless -j is given.
jobs   = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
quiet  = $(if $(V),,-s)

.PHONY: help
help:
	@echo 'make demo             boot a kernel with our module and the virtual modem,'
	@echo '                      connect with mbimcli and ping; then a shell'
	@echo 'make demo-mm          the same with ModemManager; MM=124 or MM=125 for newer ones'
	@echo 'make modules          build iosm.ko for the stock kernel of the tests, or'
	@echo '     KDIR=PATH        for another: its headers, build folder or source tree'
	@echo 'make modules_install  install it for the running kernel, or that of KDIR= (as root)'
	@echo 'make vmodem           build the virtual modem'
	@echo 'make shell            a shell in a guest with the modem, module loaded;'
	@echo '                      Ctrl-A X ends a guest that hangs'
	@echo ''
	@echo 'make check            lint, tools, kunit, check-vmodem, fuzz, e2e and torture, with'
	@echo '                      one total at the end'
	@echo 'make quick            what covers the files that differ from HEAD, in a minute;'
	@echo '                      SINCE=COMMIT, FULL=1'
	@echo 'make lint             checkpatch, kernel-doc, sparse, W=1 with gcc and clang;'
	@echo '                      T=CASE for some'
	@echo 'make kunit            the KUnit suites, on User-Mode Linux; T=SUITE, FAST=1'
	@echo 'make check-vmodem     unit tests of the virtual modem'
	@echo 'make check-tools      tests of these tools themselves, some seconds'
	@echo 'make fuzz             fuzz the driver in user space; SECONDS= or RUNS= for'
	@echo '                      each target, T=NAME for one'
	@echo 'make fuzz-coverage    how much of the driver the fuzzers reach'
	@echo 'make e2e              end-to-end tests in guests; T=NAME for one'
	@echo '     KERNEL=debug     on the debug kernel (or kcsan); MM=124, MM=125: with that'
	@echo '                      ModemManager'
	@echo 'make debug-kernel     build a kernel with KASAN, lockdep and other checkers;'
	@echo '                      KCSAN=1 for one with KCSAN'
	@echo 'make torture          violations, removals and failures on the debug kernel;'
	@echo '                      SECONDS=1200 SEED=7 ONLY=hostile JOBS=3 REPLAY=...'
	@echo '                      DRIVER=reference KERNEL=kcsan'
	@echo 'make check-reference  make e2e with the iosm.ko of the kernel package'
	@echo 'make bench            measure ours and that one side by side, half an hour;'
	@echo '                      PAIRS=5, QUICK=1 for a first look, MEASURES="ping ..."'
	@echo '                      FLAVOURS=lite'
	@echo ''
	@echo 'make compile_commands build/compile_commands.json for clangd'
	@echo 'make hooks            git hooks: style of a commit and of its message'
	@echo 'make fetch            only fetch what demo needs (QEMU, kernel, programs)'
	@echo 'make clean            remove what was built, but for the debug kernels'
	@echo 'make distclean        remove what was fetched, too'
	@echo ''
	@echo 'Variables: KDIR, KSRC (kernel source: lint, kunit, debug-kernel), KERNEL and QEMU'
	@echo '(other ones for the guest), BUILD (output folder, default build/), and'
	@echo 'those of Kbuild: W=1, C=2, LLVM=1, V=1.'

.PHONY: fetch
fetch:
	@$(qemu)/fetch host qemu kernel root

# Another KDIR needs nothing of ours.
.PHONY: headers
headers: $(if $(tree_$(KERNEL)),debug-kernel)
	@$(if $(stock),$(qemu)/fetch host kernel)

.PHONY: debug-kernel
debug-kernel:
	@$(qemu)/fetch host-test
	@$(qemu)/debug-kernel $(if $(KCSAN)$(filter kcsan,$(KERNEL)),--kcsan)

.PHONY: modules modules_install
modules: headers
	+@$(kbuild) $(if $(tree_$(KERNEL)),CONFIG_IOSM_KUNIT_TEST=m) modules
modules_install: modules
	+@$(kbuild) modules_install

.PHONY: vmodem check-vmodem
vmodem:
	@$(qemu)/fetch host
	+@$(MAKE) $(jobs) $(quiet) --no-print-directory -C $(top)/tools/testing/vmodem
check-vmodem:
	@$(qemu)/fetch host
	+@$(MAKE) $(jobs) $(quiet) --no-print-directory -C $(top)/tools/testing/vmodem \
		check

.PHONY: demo demo-mm shell
demo: fetch modules vmodem
	@$(qemu)/demo
demo-mm: fetch modules vmodem
	@$(top)/tools/testing/mm/demo
shell: fetch modules vmodem
	@$(qemu)/run-guest --shell

.PHONY: compile_commands hooks
compile_commands: headers
	@$(top)/tools/testing/compile-commands
hooks:
	@git -C $(top) config core.hooksPath tools/hooks
	@echo 'git runs tools/hooks/pre-commit and commit-msg from now on'

.PHONY: quick lint kunit e2e check check-reference
quick:
	@$(top)/tools/testing/quick/quick
lint:
	@$(top)/tools/testing/kunit/lint $(T)
kunit:
	@$(top)/tools/testing/kunit/run $(if $(FAST),--fast) $(T)

fuzz := $(top)/tools/testing/fuzz/run
.PHONY: fuzz fuzz-coverage
fuzz:
	@$(fuzz) $(if $(RUNS),--runs $(RUNS),$(if $(SECONDS),--seconds $(SECONDS))) $(T)
fuzz-coverage:
	@$(fuzz) --coverage $(T)

# Fetch what the chosen tests need, once their names are known to be right.
# Without the newest ModemManager its tests fail and say why; the others run.
e2e := $(top)/tools/testing/e2e/run
e2e_fetch = units=$$($(e2e) --needs $(T)) && $(qemu)/fetch host qemu kernel root && \
	for u in $$units; do \
		$(qemu)/fetch $$u || [ $$u = root-mm-125 ] || exit 1; \
	done
e2e:
	@$(e2e_fetch)
	+@$(MAKE) --no-print-directory modules vmodem
	@$(e2e) $(T)
check-reference:
	@$(e2e_fetch)
	+@$(MAKE) --no-print-directory vmodem
	@$(e2e) --driver reference $(T)
.PHONY: check-tools
check-tools:
	@$(top)/tools/testing/selftest/run
check:
	+@$(top)/tools/testing/check
.PHONY: bench
bench:
	@$(top)/tools/testing/bench/run --check-arguments
	+@$(MAKE) --no-print-directory fetch modules vmodem
	@$(top)/tools/testing/bench/run

# On the kernel with all checkers, unless another one was asked for.
torture_kernel := $(if $(filter file,$(origin KERNEL)),debug,$(KERNEL))
torture_run = $(top)/tools/testing/torture/run --kernel $(torture_kernel) \
		$(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED)) \
		$(if $(JOBS),--jobs $(JOBS)) $(if $(DRIVER),--driver $(DRIVER)) \
		$(foreach s,$(ONLY),--only $(s)) \
		$(if $(REPLAY),--replay '$(REPLAY)')
.PHONY: torture
torture:
	@$(torture_run) --check-arguments
	+@$(MAKE) --no-print-directory KERNEL=$(torture_kernel) fetch modules vmodem
	@$(torture_run)

.PHONY: clean distclean
clean:
	rm -rf $(addprefix $(BUILD)/,module vmodem vmodem-san kunit lint e2e bench torture \
		fuzz initramfs log)
distclean:
	rm -rf $(BUILD)
