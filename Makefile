# Llavero. `make run` and `make check` do everything, set-up included.
.POSIX:
.PHONY: help setup build console programs run demo check screens bench evidence install format docs clean

BUILD ?= build
PREFIX ?= /usr
DESTDIR ?=

help:
	@sed -n 's/^## //p' Makefile

## make run       set up, build, start the server; asks for the first account, shows its owner's link
run: setup programs
	@scripts/run

## make demo      the tour: why a key is refused, step by step (scripts/demo --step waits between steps)
demo: setup programs
	@scripts/demo

## make check     all tests; last line: N passed, N failed
check: setup build
	@scripts/check

## make evidence  the long runs behind what the documents claim (hours; they go on where they were)
evidence: setup
	@scripts/evidence

## make screens   pictures of the console in every state and language, into docs/screens (some minutes)
screens: setup programs
	@tests/browser/run screens

## make bench     what it costs, as one table beside its targets (about eight minutes)
bench: setup
	@scripts/bench

## make build     compile only
build: console $(BUILD)/build.ninja
	@ninja -C $(BUILD)

# The pages, which the keeper holds.
console:
	@scripts/console

# The two programs without the tests, for who wants to see it first.
programs: console $(BUILD)/build.ninja
	@ninja -C $(BUILD) src/llaverod/llaverod src/cli/llavero

$(BUILD)/build.ninja: meson.build
	@[ -f $@ ] || meson setup $(BUILD) --prefix=$(PREFIX)

## make setup     install the Debian packages that are needed (root or sudo; does nothing when they are there)
setup:
	@scripts/setup

## make install   into $(DESTDIR)$(PREFIX)
install: build
	@DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" BUILD="$(BUILD)" scripts/install

## make format    clang-format on the tree
format:
	@git ls-files '*.c' '*.h' | xargs clang-format -i

## make docs      write docs/causes from locale/
docs:
	@tools/gen-causes

## make clean     remove what was built
clean:
	rm -rf $(BUILD) build-*
