# What compose/upgrade.sh checks before it changes anything: it reads this file, which is no program.
#
# Uses its functions compose, compose_new, say and die, and its variables source, beside and
# follow_gateway. Sets image, new_image, new_version and new_id.
# shellcheck shell=bash disable=SC2154,SC2034

images() { compose config --images | sort -u; }

# Run a command in a container of its own, with a service's settings.
run_new() { compose_new --progress quiet run --rm --no-deps -T "$@" </dev/null; }

check_running() {
    local service
    for service in postgres rabbitmq nginx gateway; do
        [ -n "$(compose ps --quiet "$service")" ] || die "The service $service is not running." \
            "Start everything first: docker compose -f compose/compose.yaml up --build -d --wait"
    done
}

# Keys are on by default, and clients that send none would be refused: whoever upgrades from a version
# without them chooses. Its gateways have another role in PostgreSQL.
check_choice_of_keys() {
    local gateway chosen
    gateway=$(compose ps --quiet gateway | head -n 1)
    ! docker inspect --format '{{range .Mounts}}{{.Destination}} {{end}}' "$gateway" |
        grep -q '/run/secrets/app' || return 0
    chosen=$(compose config | awk '/^[^ ]/ { here = $1 == "x-chosen:" } here && $1 == "keys:" { gsub(/"/, ""); print $2 }')
    [ -z "$chosen" ] || return 0
    die "This version asks clients for API keys, and the running version knows none." \
        "Set RECKONER_KEYS=off in compose/.env to go on without keys, or RECKONER_KEYS=on to have" \
        "every request without a key refused from the upgrade on. If clients use another host name" \
        "than localhost, set RECKONER_ALLOWED_HOSTS too. See docs/how-to/upgrade-and-go-back.md." \
        "Nothing has been changed."
}

find_image() {
    # The image's name as Compose derives it from all files and settings.
    new_image=$(RECKONER_VERSION=candidate images | sed -n 's/:candidate$//p')
    image=$(compose config --images | grep -x "$new_image:.*" | sort -u)
    case $source in
    build)
        say "Building the image"
        new_version=candidate
        compose_new build migrate
        ;;
    no-build) new_version=${image##*:} ;;
    back) new_version=previous ;;
    esac
    new_id=$(docker image inspect --format '{{.Id}}' "$new_image:$new_version" 2>/dev/null) ||
        die "There is no image $new_image:$new_version." \
            "Its tags are: $(docker image ls --format '{{.Tag}}' "$new_image" | xargs)"
}

# A version without keys lets everybody do everything, and refuses the settings of this one.
check_image_knows_keys() {
    [ "$source" != build ] || return 0
    docker run --rm --network none --entrypoint test "$new_id" -d /run/secrets/app </dev/null ||
        die "The image $new_image:$new_version knows no keys: with it, whoever reaches the service may do" \
            "everything. These files cannot run it. To go back to it all the same, get its sources, take" \
            "RECKONER_KEYS, RECKONER_ALLOWED_HOSTS and what else is new out of compose/.env, and run the" \
            "compose/upgrade.sh of those sources. See docs/how-to/upgrade-and-go-back.md, \"Going back\"." \
            "Nothing has been changed."
}

check_settings() {
    local service output faulty=
    for service in migrate "${beside[@]}" heavy; do
        if ! output=$(run_new "$service" python -m shared.config 2>&1); then
            printf '%s: %s\n' "$service" "$output" >&2
            faulty=yes
        fi
    done
    if ! output=$(run_new --entrypoint "sh $follow_gateway check" nginx 2>&1); then
        printf 'nginx: %s\n' "$output" >&2
        faulty=yes
    fi
    if ! output=$(check_ports 2>&1); then
        printf 'nginx: %s\n' "$output" >&2
        faulty=yes
    fi
    for service in "${beside[@]}" heavy; do
        if ! [[ $(replicas "$service") =~ ^[0-9]*$ ]]; then
            printf '%s: the number of replicas must be a whole number\n' "$service" >&2
            faulty=yes
        fi
    done
    [ -z "$faulty" ] || die "Nothing has been changed. Correct the settings and run this again."
}

# The lines of a service's definition.
definition_of() {
    compose config | awk -v service="$1:" '
        /^[^ ]/ { is_service = 0 }
        /^  [^ ]/ { is_service = $1 == service }
        is_service { gsub(/"/, ""); print }'
}

replicas() { definition_of "$1" | sed -n 's/^ *replicas: //p'; }

# Try to listen on the addresses that are new for NGINX: when NGINX itself finds that it cannot, the
# old container is already gone.
check_ports() {
    local host port used
    used=$(docker inspect --format \
        '{{range .HostConfig.PortBindings}}{{range .}}{{.HostIp}} {{.HostPort}} {{end}}{{end}}' \
        "$(compose ps --quiet nginx)")
    definition_of nginx | awk '
        $1 == "-" { host = "0.0.0.0" }
        $1 == "host_ip:" { host = $2 }
        $1 == "published:" { print host, $2 }' | while read -r host port; do
        [[ " $used" != *" $host $port "* ]] || continue
        [[ " $used" != *" $port "* ]] || port= # NGINX has this port now: any free one shows whether the address is valid
        [[ $host != *:* ]] || host="[$host]"
        docker run --rm --network bridge --entrypoint true --publish "$host:$port:8080" "$new_id" </dev/null ||
            exit 1
    done
}
