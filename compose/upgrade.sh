#!/usr/bin/env bash
#
# Upgrades a running deployment to the version of these sources, or applies changed settings, without
# a pause in its answers. PostgreSQL and RabbitMQ are not touched.
#
#   compose/upgrade.sh [--no-build | --back] [options of `docker compose`, such as -f own-secrets.yaml]
#
#   --no-build   use the existing image of that name and RECKONER_VERSION
#   --back       use the image that ran before the last upgrade; a second --back undoes the first
#
# 1. The image is built, the settings are checked and the schema is upgraded, while the old version
#    runs. A failure in this step does not affect the running version.
# 2. New gateways, relays and quick workers start beside the old ones. When they are healthy, NGINX
#    passes requests to the new gateways only, and the old ones finish their work.
# 3. Heavy workers are stopped and new ones started. Their calculations are handed back and start
#    again.
#
# If it fails or is interrupted, it can be run again. docs/how-to/upgrade-and-go-back.md says how to go back.
set -euo pipefail

here=$(dirname "$0")
source=build
case ${1:-} in
--no-build | --back)
    source=${1#--}
    shift
    ;;
esac
options=(-f "$here/compose.yaml" "$@")

ready_seconds=300
follow_gateway=/etc/nginx/reckoner/follow-gateway.sh
beside=(gateway relay quick) # not heavy workers: there is no memory for twice their number

compose() { docker compose "${options[@]}" "$@"; }
# With the new image, whose tag is not the configured one yet.
compose_new() { RECKONER_VERSION=$new_version compose "$@"; }
say() { printf '%s\n' "$*"; }
die() {
    printf '%s\n' "$@" >&2
    exit 1
}
# shellcheck source=compose/upgrade-checks.sh
. "$here/upgrade-checks.sh"

prepare_roles() {
    run_new roles || die "PostgreSQL's roles could not be made; see the lines above." \
        "The old version still runs."
}

migrate() {
    run_new migrate || die "The schema could not be upgraded; see the lines above." \
        "Nothing else has been changed: the old version still runs."
}

# From now on `up` uses the new image. The previous one is kept.
name_image() {
    # After an interrupted upgrade there are several: the one that is not the new one.
    running=$(docker inspect --format '{{.Image}}' "${old[@]}" | grep -vxF "$new_id" | head -n 1) || true
    [ -z "$running" ] || docker tag "$running" "$new_image:previous"
    docker tag "$new_id" "$image"
    [ "$source" != build ] || docker image rm "$new_image:candidate" >/dev/null
}

health() { docker inspect --format '{{.State.Status}} {{.State.Health.Status}}' "$@"; }

# Start what is missing; leave existing containers and their dependencies alone. Not with --no-deps:
# `up` would recreate a container that was created so, because Compose computes another hash for it.
start() { compose --progress quiet up -d --no-recreate "$@"; }

containers() { compose ps --all --quiet "$@"; }

# Start as many new containers of each service as the settings say, and wait until all are healthy.
# The number that runs would be wrong: after an interrupted upgrade it is twice that.
start_beside() {
    local service count scale=() states id deadline=$((SECONDS + ready_seconds))
    for service in "${beside[@]}"; do
        count=$(replicas "$service")
        scale+=(--scale "$service=$(($(containers "$service" | wc -l) + (count > 0 ? count : 1)))")
    done
    start "${scale[@]}" "${beside[@]}" || deadline=0
    mapfile -t new < <(containers "${beside[@]}" | grep -vxF "$(printf '%s\n' "${old[@]}")")
    until states=$(health "${new[@]}") && [ "$(sort -u <<<"$states")" = "running healthy" ]; do
        # Unhealthy ones have until the deadline: on a busy machine they may only be slow.
        if [ $SECONDS -gt $deadline ] || grep -Eq 'exited|restarting|dead' <<<"$states"; then
            go_back
        fi
        sleep 1
    done
}

go_back() {
    local id
    for id in "${new[@]}"; do
        docker logs --tail 20 "$id" >&2 || true
    done
    if [ ${#new[@]} -gt 0 ]; then
        # One of them may have been ready and may have requests already.
        # shellcheck disable=SC2046 # one word for each
        follow_gateway leave $(addresses "${new[@]}")
        sleep 5 # follow-gateway.sh checks every 2 s
        remove "${new[@]}"
        follow_gateway leave
    fi
    [ -z "$running" ] || docker tag "$running" "$image"
    forget_ended
    die "The new containers are not healthy; see their log lines above." \
        "They have been removed, and the old version still runs."
}

in_nginx() { compose exec -T nginx "$@" </dev/null; }
follow_gateway() { in_nginx sh $follow_gateway "$@"; }
addresses() {
    docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$@" | xargs
}

# Make NGINX use the new configuration and pass requests to the new gateways only.
switch_nginx() {
    local deadline=$((SECONDS + ready_seconds)) leaving
    mapfile -t gateways < <(containers gateway | grep -xF "$(printf '%s\n' "${new[@]}")")
    leaving=$(addresses "${old[@]}")
    # In this order: by the new configuration NGINX must store nothing that an old gateway answers. A
    # version without keys answers everybody, and has it stored for an hour.
    # shellcheck disable=SC2086 # one word for each
    follow_gateway leave $leaving
    follow_gateway configure
    until nginx_has_all_but "$leaving" && nginx_is_configured; do
        [ $SECONDS -le $deadline ] || die "NGINX does not use the new gateways." \
            "See docker compose -f compose/compose.yaml logs nginx, and run this again."
        sleep 1
    done
    sleep 2 # the last requests on their way to an old gateway arrive
}

# Whether NGINX uses all new gateways and none of the addresses given.
nginx_has_all_but() {
    local used address id found
    used=" $(in_nginx cat /run/reckoner/gateways | xargs) "
    for address in $1; do
        [[ $used != *" $address:"* ]] || return 1
    done
    for id in "${gateways[@]}"; do
        found=
        for address in $(addresses "$id"); do
            [[ $used != *" $address:"* ]] || found=yes
        done
        [ -n "$found" ] || return 1
    done
}

# Whether NGINX uses the configuration of the last `configure`.
nginx_is_configured() { ! in_nginx ls /run/reckoner | grep -qxE 'changed|applying'; }

remove() {
    [ $# -gt 0 ] || return 0
    docker stop "$@" >/dev/null
    docker rm "$@" >/dev/null
}

# Remove ended containers of the old image: `up` would recreate them and stop what depends on them.
forget_ended() {
    compose --progress quiet --profile metrics rm --force \
        operator prometheus-key migrate roles secrets >/dev/null 2>&1
}

# NGINX holds the port, so its container cannot be replaced without a pause, only its configuration.
replace_nginx_if_changed() {
    local id made
    id=$(compose ps --quiet nginx)
    made=$(made_from "$id")
    [ "$(definition nginx)" != "$made" ] || return 0
    [ "$(definition_without_limit nginx)" != "$made" ] || return 0 # no reason for a pause
    say "The definition of the service nginx has changed: no answers for some seconds"
    docker stop --time 10 "$id" >/dev/null
    docker rm "$id" >/dev/null
    start --wait nginx
}

definition() { compose config --hash "$1" | cut -d ' ' -f 2; }
# Without the limit of memory, which earlier versions did not have.
definition_without_limit() {
    local file
    file=$(mktemp --suffix=.yaml)
    printf 'services: {%s: {mem_limit: !reset null}}\n' "$1" >"$file"
    compose -f "$file" config --hash "$1" | cut -d ' ' -f 2
    rm "$file"
}
made_from() { docker inspect --format '{{index .Config.Labels "com.docker.compose.config-hash"}}' "$1"; }

# Where Prometheus runs, it reads its rules again.
reload_prometheus() {
    local id
    id=$(compose --profile metrics ps --quiet prometheus)
    [ -z "$id" ] || docker kill --signal HUP "$id" >/dev/null
}

name_servers_that_changed() {
    local service
    for service in nginx postgres rabbitmq; do
        [ "$(definition $service)" = "$(made_from "$(compose ps --quiet $service)")" ] ||
            say "The definition of the service $service has changed; the next \`up\` restarts it."
    done
}

compose config --quiet || die "Nothing has been changed. Correct the settings and run this again."
check_running
check_choice_of_keys
find_image
check_image_knows_keys
say "Checking the settings"
run_new secrets || die "Passwords could not be generated; see the lines above."
check_settings
say "Upgrading the schema"
prepare_roles
migrate
mapfile -t old < <(containers "${beside[@]}")
name_image
forget_ended
in_nginx test -e $follow_gateway || replace_nginx_if_changed
say "Starting the new version beside the old one"
start_beside
say "Passing requests to the new gateways"
switch_nginx
say "Stopping the old version, which finishes its work first"
remove "${old[@]}" &
removing=$!
mapfile -t heavy < <(containers heavy)
remove "${heavy[@]}"
start --wait heavy
wait $removing
follow_gateway leave
start --wait "${beside[@]}" heavy # as many as the settings say
replace_nginx_if_changed
forget_ended
reload_prometheus
name_servers_that_changed
say "Done: $image runs. The previous version, if it was another image, is $new_image:previous."
