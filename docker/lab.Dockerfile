# The lab in one image: the C programs, the driver, the suites and Debian's nginx, laid out as in a
# check-out. It runs the whole main job inside one container that may do nothing:
#
#   docker run --rm --network none --read-only --tmpfs /tmp --user 12345:12345 --cap-drop ALL \
#       staplelab/lab [OPTION OF staplelab run]...
#   docker run --rm --network none -v /etc/nginx:/etc/nginx:ro staplelab/lab drill [OPTION]...
#
# The docker host starts the same image for each part, with another entry point. The build context
# is the repository; `make images` does it all. Debian 12 or later.
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${BASE_IMAGE} AS build
LABEL org.staplelab=1
WORKDIR /opt/staplelab
COPY harness/setup/packages harness/setup/check-out harness/setup/
RUN harness/setup/packages build && rm -rf /var/lib/apt/lists/*
COPY build.mk build.mk
COPY harness/base harness/base
COPY harness/clients harness/clients
COPY harness/runtime harness/runtime
COPY pki pki
COPY responders responders
# The keys are for tests alone and no secret: every user id may read them. They have to be made
# here, because the pool cannot grow any more on a read-only root.
RUN make -f build.mk -j"$(nproc)" build keys && chmod -R a+rX build/keys
# Which packages the libraries come from differs between Debian's releases.
RUN ldd build/release/bin/* | awk '$2 == "=>" { print $3 }' | sort -u | xargs realpath | \
    sed 's,.*/,*/,' | xargs -d '\n' dpkg-query --search | cut -d : -f 1 | sort -u >build/libraries && \
    mkdir /made && cp -a --parents build/keys build/release/bin build/release/lib /made

FROM ${BASE_IMAGE}
LABEL org.staplelab=1 \
      org.opencontainers.image.title="staplelab" \
      org.opencontainers.image.description="Integration test harness and fault-injection lab for OCSP stapling in nginx" \
      org.opencontainers.image.licenses="BSD-2-Clause"
WORKDIR /opt/staplelab
COPY harness/setup/packages harness/setup/check-out harness/setup/
COPY --from=build /opt/staplelab/build/libraries build/libraries
# iptables and tc break networks, in a helper container that has NET_ADMIN but is not root: the files
# bring them the capability. Where a container has none they do not even start; `ip` does, but it
# gives such a capability away by itself.
RUN harness/setup/packages run drill clocks $(cat build/libraries) nginx iptables iproute2 libcap2-bin && \
    for program in xtables-nft-multi xtables-legacy-multi tc; do \
        setcap cap_net_admin,cap_net_raw+ep "$(realpath "$(command -v $program)")" || exit; \
    done && \
    rm -rf /var/lib/apt/lists/* build
COPY --from=build /made .
# what reads nginx's configuration files comes from PyPI (`make drill-tool`)
COPY build/drill-tool build/drill-tool
COPY LICENSE conftest.py pyproject.toml ./
COPY docker/entrypoint docker/entrypoint
COPY harness/base/version.h harness/base/version.h
COPY harness/staplelab harness/staplelab
COPY pki/profiles pki/profiles
COPY suites suites
# pytest keeps its own compiled form of the suites; collecting them once writes it
RUN python3 -m compileall -q harness && \
    PYTHONPATH=harness python3 -m pytest -q -p no:cacheprovider --collect-only suites >/dev/null

ENV PYTHONPATH=/opt/staplelab/harness \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PYTEST_ADDOPTS="-p no:cacheprovider" \
    STAPLELAB_BUILD=/opt/staplelab/build/release \
    XTABLES_LOCKFILE=/tmp/xtables.lock \
    OUT=/tmp/results
# Any other user id will do as well. Python as process 1 heeds SIGINT, not SIGTERM.
USER 65534:65534
STOPSIGNAL SIGINT
ENTRYPOINT ["/opt/staplelab/docker/entrypoint"]
