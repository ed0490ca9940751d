#!/bin/sh
# Stands in nginx's place and breaks, around it, what a scenario wrote into its folder.
nginx=${STAPLELAB_REAL_NGINX:?}
folder=$2 # nginx -p FOLDER ...
[ "$1" != -p ] || [ ! -e "$folder/breakage" ] || breakage=$(cat "$folder/breakage")

case ${breakage-} in
report) echo '==1==ERROR: AddressSanitizer: heap-use-after-free' >&2 ;;
leftover) (setsid tail -f /dev/null &) ;;
status)
    trap 'kill $!' TERM
    "$nginx" "$@" &
    wait $!
    wait $!
    exit 3
    ;;
esac
exec "$nginx" "$@"
