#!/bin/sh
# NGINX in Docker Compose: its configuration, and the addresses of the gateways in it.
#
#   follow-gateway.sh start         what the container runs: NGINX, and `follow` beside it
#   follow-gateway.sh check         see whether NGINX would take the files and the settings
#   follow-gateway.sh configure     take over the mounted files as they are now; upgrade.sh asks for it
#   follow-gateway.sh addresses     show what stands behind RECKONER_GATEWAY now
#   follow-gateway.sh leave [A…]    pass on nothing more to these addresses; upgrade.sh asks for it
#
# NGINX looks a name in an `upstream` up once, when it reads its configuration, and Docker gives a
# container that was made anew, or scaled, another address. So addresses stand there in place of the
# names in RECKONER_GATEWAY, and whenever they change NGINX reads its configuration again: open
# requests are served to their end. A new gateway is taken once it says that it is ready.
set -eu

source=/etc/nginx/reckoner # mounted; as it was at the last `configure` it is in:
state=/run/reckoner
conf=/etc/nginx/conf.d

configure() {
    cp "$source/reckoner.conf.template" "$source/nginx.conf" "$state/"
}

# Write the configuration, with a line for each address and port.
render() {
    RECKONER_GATEWAY_SERVERS=$(
        for server in ${*:-127.0.0.1:1}; do # NGINX refuses a list without any
            echo "server $server max_fails=3 fail_timeout=2s;"
        done
    )
    export RECKONER_GATEWAY_SERVERS
    # Names of this kind only: the template's own $variables stay.
    names=$(env | sed -n 's/^\(RECKONER_[A-Z_]*\)=.*/${\1}/p')
    envsubst "$names" <"$state/reckoner.conf.template" >"$conf/reckoner.conf"
}

# The addresses behind all names, each with its port: of `one:8081,[::1]:8081`, say,
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

# The gateways to pass requests on to: those that were known before and are still there, and new
# ones that are ready, but none that is about to stop.
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

# Look once; have the configuration read again if something has changed.
follow() {
    known=$(cat "$state/gateways")
    now=$(wanted "$known")
    # None: all gateways are gone, or not ready yet. Keep those that NGINX tries.
    [ -n "$now" ] || now=$known
    if [ "$now" != "$known" ] || [ -e "$state/changed" ]; then
        # shellcheck disable=SC2086 # one word for each address
        render $now
        # A configuration that is faulty is refused here, and NGINX goes on with what it has.
        nginx -c "$state/nginx.conf" -s reload
        rm -f "$state/changed"
        echo "$now" >"$state/gateways"
    fi
}

case $1 in
start)
    mkdir -p "$state"
    : >"$state/leaving"
    configure
    # Otherwise clients' idle connections are cut off when the configuration is read again, just as a
    # request may be under way on one. NGINX before 1.27.4 does not know this.
    echo "keepalive_min_timeout 10s;" >"$conf/keepalive.conf"
    # All that have a name, ready or not: one that does not answer is passed over.
    now=$(addresses | tr '\n' ' ') now=${now% }
    echo "$now" >"$state/gateways"
    # shellcheck disable=SC2086
    render $now
    nginx -t -q -c "$state/nginx.conf" 2>/dev/null || rm "$conf/keepalive.conf"
    # Each time a process of its own, so that an error in one look is not the end of it.
    while sleep 2; do sh "$0" follow || true; done &
    exec nginx -c "$state/nginx.conf" -g 'daemon off;'
    ;;
check)
    mkdir -p "$state"
    configure
    servers=$(addresses)
    [ -n "$servers" ] || {
        echo "RECKONER_GATEWAY=$RECKONER_GATEWAY: nothing has that name. Write host:port." >&2
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
