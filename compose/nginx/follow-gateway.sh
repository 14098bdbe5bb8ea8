#!/bin/sh
# NGINX in Docker Compose: its configuration, and the addresses of the gateways in it.
#
#   follow-gateway.sh start         run NGINX, and `follow` every 2 s; the container's command
#   follow-gateway.sh check         check whether NGINX accepts the files and the settings
#   follow-gateway.sh configure     use the mounted files as they are now; for upgrade.sh
#   follow-gateway.sh addresses     show the addresses that RECKONER_GATEWAY stands for now
#   follow-gateway.sh leave [A…]    pass no more requests to these addresses; for upgrade.sh
#
# NGINX resolves a name in an `upstream` once, when it reads its configuration, and Docker gives each
# new container another address. So this script writes addresses in place of the names in
# RECKONER_GATEWAY, and reloads NGINX whenever they change; open requests are served to their end. A
# new gateway is used once it reports that it is ready.
set -eu

source=/etc/nginx/reckoner # mounted
state=/run/reckoner         # a copy of it as of the last `configure`, and the addresses in use
conf=/etc/nginx/conf.d

configure() {
    cp "$source/reckoner.conf.template" "$source/nginx.conf" "$source/credential.js" "$state/"
}

# Write the configuration, with a line for each address and port.
render() {
    RECKONER_GATEWAY_SERVERS=$(
        for server in ${*:-127.0.0.1:1}; do # NGINX refuses an empty list
            echo "server $server max_fails=3 fail_timeout=2s;"
        done
    )
    RECKONER_SCRIPTS=$state
    export RECKONER_GATEWAY_SERVERS RECKONER_SCRIPTS
    # Only these names: the template's own $variables stay.
    names=$(env | sed -n 's/^\(RECKONER_[A-Z_]*\)=.*/${\1}/p')
    envsubst "$names" <"$state/reckoner.conf.template" >"$conf/reckoner.conf"
}

# The addresses of all names, each with its port: for `one:8081,[::1]:8081`, for example,
# 10.0.0.7:8081 and [::1]:8081.
addresses() {
    echo "$RECKONER_GATEWAY" | tr ',' '\n' | while read -r gateway; do
        [ -n "$gateway" ] || continue
        port=${gateway##*:} host=$(echo "${gateway%:*}" | tr -d '[]')
        for address in $(getent ahosts "$host" | cut -d ' ' -f 1); do
            case $address in
            *:*) echo "[$address]:$port" ;;
            *) echo "$address:$port" ;;
            esac
        done
    done | sort -u
}

is_in() { case " $2 " in *" $1 "*) ;; *) return 1 ;; esac; }

# The gateways to pass requests to: those in use that still exist, and new ones that are ready, but
# none that is about to stop.
wanted() {
    known=$1 leaving=$(cat "$state/leaving") found=
    for server in $(addresses); do
        if is_in "${server%:*}" "$leaving"; then continue; fi
        if is_in "$server" "$known" ||
            curl -fsS -m 2 -o /dev/null "http://$server/health/ready" 2>/dev/null; then
            found="$found${found:+ }$server"
        fi
    done
    echo "$found"
}

# Check once; reload NGINX if something has changed.
follow() {
    known=$(cat "$state/gateways")
    now=$(wanted "$known")
    # None exists, or none is ready yet: keep those in use.
    [ -n "$now" ] || now=$known
    # What changes from now on is for the next check, and what fails is tried again then.
    [ ! -e "$state/changed" ] || mv "$state/changed" "$state/applying"
    if [ "$now" != "$known" ] || [ -e "$state/applying" ]; then
        # shellcheck disable=SC2086 # one word for each address
        render $now
        # NGINX refuses a faulty configuration here and keeps the one it has.
        nginx -c "$state/nginx.conf" -s reload
        rm -f "$state/applying"
        echo "$now" >"$state/gateways"
    fi
}

case $1 in
start)
    mkdir -p "$state"
    : >"$state/leaving"
    configure
    # Otherwise a reload closes clients' idle connections, on which a request may just be on its way.
    # NGINX before 1.27.4 does not know this directive.
    echo "keepalive_min_timeout 10s;" >"$conf/keepalive.conf"
    # All addresses, ready or not: NGINX skips those that do not answer.
    now=$(addresses | tr '\n' ' ') now=${now% }
    echo "$now" >"$state/gateways"
    # shellcheck disable=SC2086
    render $now
    nginx -t -q -c "$state/nginx.conf" 2>/dev/null || rm "$conf/keepalive.conf"
    # A process each time, so that an error in one check does not end the loop.
    while sleep 2; do sh "$0" follow || true; done &
    exec nginx -c "$state/nginx.conf" -g 'daemon off;'
    ;;
check)
    mkdir -p "$state"
    configure
    servers=$(addresses)
    [ -n "$servers" ] || {
        echo "RECKONER_GATEWAY=$RECKONER_GATEWAY: no such name. Write host:port." >&2
        exit 1
    }
    # shellcheck disable=SC2086
    render $servers
    nginx -t -q -c "$state/nginx.conf"
    ;;
follow) follow ;;
addresses) addresses ;;
configure)
    configure
    touch "$state/changed"
    ;;
leave)
    shift
    echo "$*" >"$state/leaving.new"
    mv "$state/leaving.new" "$state/leaving"
    ;;
esac
