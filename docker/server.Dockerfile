# Makes a server under test of any nginx image, linked against glibc or musl:
#
#   docker build --build-arg NGINX_IMAGE=nginx:1.28-alpine -t my/server - <docker/server.Dockerfile
#
# It adds two files and nothing else. `launcher` is linked statically; labclock.so uses no C library
# at all, so the clock needs no package manager: the project's own clock does what libfaketime
# cannot (docs/architecture.md), and the image keeps the libraries that nginx came with. For
# --clock faketime the image of nginx must bring libfaketime.
ARG NGINX_IMAGE
ARG LAB_IMAGE=staplelab/lab

FROM ${LAB_IMAGE} AS lab

FROM ${NGINX_IMAGE}
LABEL org.staplelab=1
COPY --from=lab /opt/staplelab/build/release/bin/launcher /opt/staplelab/build/release/bin/launcher
COPY --from=lab /opt/staplelab/build/release/lib/labclock.so /opt/staplelab/build/release/lib/labclock.so
# What an image's own entry point does to its configuration is no part of the test.
ENTRYPOINT []
CMD ["nginx", "-V"]
USER 65534:65534
