#!/bin/sh
# NGINX looks a name in an `upstream` up once, when it reads its configuration. Docker gives a
# container that was made anew, or scaled, another address: have the configuration read again
# whenever the addresses behind RECKONER_GATEWAY change. Open requests are served to their end.
#
# The image's entry point runs this before it starts NGINX. (NGINX 1.27.3 and later can do
# without: `server … resolve` in the upstream.)

# The hosts: of `one:8081,[::1]:8081` what stands before each port, without brackets.
hosts=$(echo "$RECKONER_GATEWAY" | tr ',' '\n' | sed 's/:[0-9]*$//; s/[][]//g')

# Nothing, if one of the names cannot be looked up: NGINX would refuse the configuration.
addresses() {
    all=
    for host in $hosts; do
        found=$(getent ahosts "$host") || return 1
        all="$all
$found"
    done
    echo "$all" | cut -d ' ' -f 1 | sort -u
}

follow() {
    while sleep 2; do
        now=$(addresses)
        # No address: all gateways are gone. Stay with what there is.
        if [ -n "$now" ] && [ "$now" != "$known" ]; then
            nginx -s reload && known=$now
        fi
    done
}

known=$(addresses)
follow &
