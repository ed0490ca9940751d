# The nginx of a Debian release, as Debian built it, and the libfaketime that fits its C library.
# server.Dockerfile makes a server under test of it.
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${BASE_IMAGE}
LABEL org.staplelab=1
RUN apt-get -qq update && \
    DEBIAN_FRONTEND=noninteractive apt-get -qq --no-install-recommends install nginx libnginx-mod-stream libfaketime && \
    rm -rf /var/lib/apt/lists/*
USER 65534:65534
CMD ["nginx", "-V"]
