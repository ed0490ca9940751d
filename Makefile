# The doors of the house. Each first sees to the Debian packages that it needs: it names the
# missing ones and installs them (NO_INSTALL=1: it names them and stops). How the C programs are
# built is in build.mk.

# Debian's python, because the packages are Debian's, whatever comes first in PATH
PY ?= /usr/bin/python3
NGINX ?=
K ?=
JOBS ?= 2
OUT ?= results
ARGS ?=
HOST ?= local
CLOCK ?= lab
NGINX_IMAGE ?=
NGINX_IMAGES ?=
export NGINX K JOBS OUT NO_INSTALL
export PYTHONPATH := $(CURDIR)/harness
# several processes read the same modules in every run: compiled once, `make clean` removes that
export PYTHONDONTWRITEBYTECODE :=

PACKAGES := @harness/setup/packages
# the caller's -j holds; without one every processor is used
C_BUILD = $(MAKE) --no-print-directory -f build.mk $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
PYTEST = $(PY) -m pytest $$([ "$$JOBS" = 1 ] || echo "-n $$JOBS")

C_FILES = $(shell find responders pki harness -name '*.[ch]')
PYTHON_FILES = $(shell find $(wildcard harness suites docker) -name '*.py') harness/setup/floors setup.py
NO_TEST := -not -path '*/tests/*' -not -path '*/fuzz/*'
SHELL_FILES = $(shell grep -rlIE --exclude='*.py' '^\#!/bin/(ba)?sh' $(wildcard .ci harness docker))

.NOTPARALLEL:
.PHONY: help build run test test-c test-harness test-suites test-browser test-drill test-docker test-asan test-recipes coverage fuzz \
        lint lint-c lint-cppcheck lint-analyzer lint-python lint-shell lint-floors lint-house format \
        first-hour soak bench clean clocks conformance ready-to-run ready-to-test images matrix nginx-asan mutants drill drill-tool

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

run: ready-to-run ## run the suites: NGINX=/path/to/nginx HOST=docker K=expression JOBS=2 OUT=results CLOCK=lab
	@server=$(SERVER) && STAPLELAB_BUILD=$(CURDIR)/build/release exec $(PY) -m staplelab run \
	    --host $(HOST) --clock $(CLOCK) $${server:+$(SERVER_OPTION) "$$server"} --out "$$OUT" --jobs "$$JOBS" \
	    $${K:+-k "$$K"} $(ARGS)

clocks: ## run the suites under both lab clocks, our own and libfaketime, and show that nothing differs
	$(PACKAGES) clocks
	@for clock in lab faketime; do \
	    $(MAKE) --no-print-directory run CLOCK=$$clock OUT="$$OUT/$$clock" || exit; \
	done
	@$(PY) -m staplelab diff "$$OUT/lab" "$$OUT/faketime"

conformance: ## say requirement by requirement what holds, from the record of a run: OUT=results
	@harness/setup/check-out
	$(PACKAGES) run
	@$(PY) -m staplelab conformance "$$OUT" $(ARGS)

images: ## make the container images: the lab, and nginx of four Debian releases
	@docker/make-images

matrix: ## run the suites on several nginx: NGINX_IMAGES="a b c" (default: the four of `make images`) K=expression
	@harness/setup/check-out
	$(PACKAGES) build run docker
	@+$(C_BUILD) build keys
	@servers=$$(docker/make-images) && STAPLELAB_BUILD=$(CURDIR)/build/release $(PY) -m staplelab matrix \
	    --jobs "$$JOBS" $${K:+-k "$$K"} $(ARGS) $(or $(NGINX_IMAGES),$$servers)

nginx-asan: ## build Debian's nginx with ASan and UBSan into the cache, and print its path
	@harness/setup/nginx-asan

# The mutation tool comes from PyPI; what it is used on is Debian's source.
MUTATION := build/mutation-tool
SEED ?= 1
COUNT ?= 200

mutants: ready-to-run $(if $(BUGS),,$(MUTATION)/made) ## judge the suites by broken builds of nginx: SEED=1 COUNT=200 JOBS=2 ARGS='--shard I/N', or BUGS=1
	@nginx=$$(harness/setup/nginx-asan) && \
	$(PY) -m mutants --sources "$${nginx%/objs/nginx}" --out "$$OUT" --jobs "$$JOBS" \
	    $(if $(BUGS),--bugs,--python $(MUTATION)/bin/python --seed $(SEED) --count $(COUNT)) $(ARGS)

$(MUTATION)/made:
	$(PACKAGES) python3-venv
	@$(PY) -m venv --clear $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check 'universalmutator==1.14.1'
	@touch $@

# What reads nginx's configuration files comes from PyPI, too; nothing but the drill needs it.
DRILL_TOOL := build/drill-tool

drill-tool: $(DRILL_TOOL)/made ## get what the drill reads a configuration with, into build/drill-tool

$(DRILL_TOOL)/made:
	$(PACKAGES) drill python3-pip
	@rm -rf $(@D)
	@$(PY) -m pip install --quiet --disable-pip-version-check --root-user-action ignore \
	    --no-deps --target $(@D) 'crossplane==0.5.8'
	@touch $@

CONF ?= /etc/nginx/nginx.conf

drill: ready-to-run drill-tool ## say what an OCSP outage does to an nginx.conf: CONF=/etc/nginx/nginx.conf OUT=results JOBS=2
	@nginx=$$(harness/setup/find-nginx) && STAPLELAB_BUILD=$(CURDIR)/build/release exec $(PY) -m staplelab drill \
	    '$(CONF)' --server "$$nginx" --out "$$OUT" --jobs "$$JOBS" $(ARGS)

test: test-c test-harness ## test the lab itself: C unit tests, fuzz corpora, tests of the harness

lint: lint-c lint-cppcheck lint-analyzer lint-python lint-shell lint-floors lint-house ## check format, Python, shell scripts, the C by static analysis, floors, house rules

format: ## format the C files
	$(PACKAGES) lint
	@clang-format -i $(C_FILES)

build: ## build the C programs into build/release (V=1 shows the commands)
	@harness/setup/check-out
	$(PACKAGES) build
	@+$(C_BUILD) build

clean: ## remove what was built and found: build, results, caches
	@rm -rf build results __pycache__ .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find $(wildcard harness suites docker) -name __pycache__ -type d -prune -exec rm -rf {} +

# A wrong NGINX is told before anything is installed. Then the packages come, and with them apt's
# lists, which an nginx that is fetched needs, too; who may install nothing gets one line.
ifeq ($(HOST),docker)
SERVER := "$(NGINX_IMAGE)"
SERVER_OPTION := --nginx-image
else
SERVER := $$(harness/setup/find-nginx)
SERVER_OPTION := --nginx
endif

# The other clock is an extra.
CLOCKS := $(if $(filter faketime,$(CLOCK)),clocks)

define ready
@[ -z "$${NGINX}$${NO_INSTALL}" ] || harness/setup/find-nginx >/dev/null || \
    { NO_INSTALL=1 harness/setup/packages $(1); exit 1; }
@harness/setup/packages $(1)
@harness/setup/find-nginx >/dev/null
endef

ready-to-run:
	@harness/setup/check-out
	$(if $(filter docker,$(HOST)),@harness/setup/packages build run docker $(CLOCKS),$(call ready,build run $(CLOCKS)))
	@+$(C_BUILD) build keys

ready-to-test:
	@harness/setup/check-out
	$(call ready,build run test)
	@+$(C_BUILD) VARIANT=asan build keys

test-c: ready-to-test
	@+$(C_BUILD) check
	@+$(C_BUILD) VARIANT=asan check

# The programs are the ones with the sanitizers, and NGINX is always set.
test-harness: ready-to-test
	@NGINX=$$(harness/setup/find-nginx) STAPLELAB_BUILD=$(CURDIR)/build/asan $(PYTEST) harness/tests \
	$(addprefix --ignore harness/tests/,browser docker drill) $(ARGS)

test-drill: ready-to-test drill-tool ## test the drill
	@NGINX=$$(harness/setup/find-nginx) STAPLELAB_BUILD=$(CURDIR)/build/asan $(PYTEST) harness/tests/drill $(ARGS)

test-browser: ready-to-run ## look at a report in a real browser, without a screen
	$(PACKAGES) test browser
	@NGINX=$$(harness/setup/find-nginx) STAPLELAB_BUILD=$(CURDIR)/build/release $(PY) -m pytest harness/tests/browser $(ARGS)

test-docker: images ## test what needs a Docker engine
	$(PACKAGES) run test docker python3-yaml $$($(NO_COMPOSE) && echo docker-compose)
	@$(PY) -m pytest harness/tests/docker --ignore $(RECIPES) --ignore $(BARE) $(ARGS)

# Nothing is wrong with the build, so the suites find nothing; with what the tests plant in it they do.
test-asan: ready-to-run ## test builds of nginx: with sanitizers (that of `make nginx-asan`), with no module but ssl
	$(PACKAGES) test
	@nginx=$$(harness/setup/nginx-asan) && \
	$(PY) -m staplelab run --nginx "$$nginx" --out build/asan-nginx --jobs "$$JOBS" && \
	STAPLELAB_ASAN_NGINX=$$nginx $(PY) -m pytest harness/tests/planted_in_nginx.py harness/tests/built_otherwise.py $(ARGS)

test-suites: ready-to-test
	@nginx=$$(harness/setup/find-nginx) && STAPLELAB_BUILD=$(CURDIR)/build/asan \
	$(PY) -m staplelab run --nginx "$$nginx" --out build/asan/results --jobs "$$JOBS" $(ARGS)

# In per cent: of all lines of the C sources, and of each file in a folder faults/.
COVERAGE_LINES ?= 90
COVERAGE_FAULTS ?= 80
# What the programs do from main() on is out of a unit test's reach: the tests that run them count,
# too. `make coverage PROGRAM_TESTS=` counts the C tests alone.
PROGRAM_TESTS = $(wildcard harness/tests/test_faulty_*.py harness/tests/test_launcher.py \
                           harness/tests/test_pki_mint*.py harness/tests/test_staple_check*.py)

coverage: ## which lines of the C run in its tests: COVERAGE_LINES=90 COVERAGE_FAULTS=80 (per cent)
	$(PACKAGES) build run test coverage
	@rm -rf build/coverage
	@+$(C_BUILD) VARIANT=coverage build check
	@echo 'The C tests alone:'
	@harness/setup/coverage --faults $(COVERAGE_FAULTS)
	@$(if $(PROGRAM_TESTS),STAPLELAB_BUILD=$(CURDIR)/build/coverage GCOV_ERROR_FILE=/dev/null \
	    $(PYTEST) -q $(PROGRAM_TESTS) $(ARGS))
	@harness/setup/coverage $(COVERAGE_LINES)

# FUZZ=X is the target of fuzz_X.c. What a target has found stays in build/fuzz for the next time.
SECONDS ?= 60
FUZZ ?=
FUZZ_BUILD = $(MAKE) --no-print-directory -f build.mk VARIANT=fuzz SECONDS=$(SECONDS) FUZZ=$(FUZZ)

fuzz: ## look for inputs that crash a fuzz target: SECONDS=60 (for each) FUZZ=name JOBS=2
	$(PACKAGES) build fuzz
	@+$(FUZZ_BUILD) -j$(shell nproc) build-fuzz
	@+$(FUZZ_BUILD) -j$(JOBS) --keep-going fuzz

lint-c:
	$(PACKAGES) lint
	@clang-format --dry-run -Werror $(C_FILES)

# On this code clang-tidy finds in a minute what these two find in seconds, and nothing else that is
# true. Both leave the tests out, where a failed allocation may well crash. cppcheck 2.10 knows no C17,
# and reads no system headers: -D says what it would find there.
CPPCHECK := --quiet --error-exitcode=1 --enable=warning,portability,performance --std=c11 -I. \
            -D_GNU_SOURCE -D__x86_64__ -DJSON_INTEGER_FORMAT='"lld"' --inline-suppr \
            --suppressions-list=.cppcheck-suppressions -j$(shell nproc)

lint-cppcheck:
	$(PACKAGES) lint
	@cppcheck $(CPPCHECK) $(shell find responders pki harness -name '*.c' $(NO_TEST))

lint-analyzer: ## check the C by gcc's static analysis (it is part of lint)
	$(PACKAGES) build lint
	@+$(C_BUILD) --keep-going VARIANT=analyzer analyze

lint-python:
	$(PACKAGES) lint
	@$(PY) -m flake8 --max-line-length 100 --extend-ignore E203,W503 $(PYTHON_FILES)
	@$(PY) -m mypy harness/staplelab
	@MYPYPATH=harness $(PY) -m mypy harness/mutants
	@$(PY) -m mypy harness/setup/floors
	@MYPYPATH=harness $(PY) -m mypy harness/tests/s_server.py
	@if command -v ruff >/dev/null; then ruff check --quiet harness suites; fi

lint-shell:
	$(PACKAGES) lint
	@shellcheck $(SHELL_FILES)

lint-floors: ## check that includes and imports point down, and never in a circle
	@$(PY) harness/setup/floors

# Nothing waits by sleeping: the lab clock moves, or an event comes; the clock itself has usleep() for
# the programs that live by it. A long file is only a warning.
lint-house:
	@! grep -nE '\b(time|asyncio)\.sleep\b|import sleep\b|\bu?sleep\(|\bnanosleep\(' \
	    $(PYTHON_FILES) $(filter-out %labclock.c,$(C_FILES)) | sed 's/$$/    <-- sleeps/' | grep .
	@wc -l Makefile build.mk $(C_FILES) $(PYTHON_FILES) $(SHELL_FILES) | \
	    awk '$$2 != "total" && $$1 > 500 { print "warning: " $$2 " has " $$1 " lines (over 500)" }'

# What a newcomer meets. It is apart from test-docker, because it takes a minute and more for each.
BARE := harness/tests/docker/test_bare_debian.py

first-hour: images ## the README's commands in bare containers of Debian: DRAW=N (three of twelve) K=first_steps
	$(PACKAGES) run test docker
	@DRAW='$(DRAW)' $(PY) -m pytest $(BARE) $(ARGS)

SOAK ?= 1000000
soak: ready-to-run ## a million queries, and as many requests, leave the memory where it was: SOAK=1000000
	$(PACKAGES) test
	@SOAK=$(SOAK) STAPLELAB_BUILD=$(CURDIR)/build/release $(PY) -m pytest harness/tests/test_soak.py $(ARGS)

bench: ready-to-run ## how fast it is: ratios, of what is measured side by side in one run
	@NGINX=$$(harness/setup/find-nginx) STAPLELAB_BUILD=$(CURDIR)/build/release $(PY) harness/bench.py

# The schemas that the recipes are held to come with these two, from PyPI.
CHECKERS := build/recipe-checkers
RECIPES := harness/tests/docker/test_recipes.py
NO_COMPOSE := ! command -v docker-compose >/dev/null && ! docker compose version >/dev/null 2>&1

test-recipes: $(CHECKERS)/made ## check the CI and cluster recipes by their schemas (from PyPI)
	$(PACKAGES) run
	@$(CHECKERS)/bin/python -m pytest $(RECIPES) $(ARGS)

$(CHECKERS)/made:
	$(PACKAGES) python3-venv
	@$(PY) -m venv --clear --system-site-packages $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check \
	    'check-jsonschema>=0.29' 'kubernetes-validate>=1.30'
	@touch $@
