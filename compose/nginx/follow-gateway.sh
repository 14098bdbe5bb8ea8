#!/bin/sh
# NGINX looks a name in an `upstream` up once, when it reads its configuration. Docker gives a
# container that was made anew, or scaled, another address: have the configuration read again
# whenever the addresses of `gateway` change. Open requests are served to their end.
#
# The image's entry point runs this before it starts NGINX. (NGINX 1.27.3 and later can do
# without: `server … resolve` in the upstream.)

addresses() { getent ahosts gateway | cut -d ' ' -f 1 | sort -u; }

follow() {
    while sleep 2; do
        now=$(addresses)
        # No address: all gateways are gone. NGINX would refuse the configuration; stay with it.
        if [ -n "$now" ] && [ "$now" != "$known" ]; then
            nginx -s reload && known=$now
        fi
    done
}

known=$(addresses)
follow &
