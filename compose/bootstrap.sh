#!/usr/bin/env bash
#
# Installs what `make up` and `make test` need and is missing: programs by apt-get, Python packages
# into .venv. It asks no questions, and does nothing when all is installed.
#
#   compose/bootstrap.sh up          for `make up`
#   compose/bootstrap.sh dev         for `make test`
#   compose/bootstrap.sh bench       for `make bench`
#   compose/bootstrap.sh mutants     for `make mutants`
#   compose/bootstrap.sh packages    only the Debian packages, as root
set -euo pipefail

cd "$(dirname "$0")/.."
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # nginx is there, and a user's PATH leaves them out

# The system services of the packages, which must not run because of this script.
UNITS=(postgresql.service rabbitmq-server.service nginx.service epmd.service epmd.socket
    redis-server.service prometheus.service)
POLICY=/usr/sbin/policy-rc.d

# Standard output may be closed.
say() { printf '%s\n' "$*" 2>/dev/null || true; }
die() {
    printf '%s\n' "$@" >&2 || true
    exit 1
}

# Say what is being done, and show it on a terminal while it goes on.
doing=
begin() {
    doing=$*
    say "  $*"
}

# A turning wheel below, with the seconds. It is a process of its own, so that Ctrl-C reaches the command
# that it stands for, and it ends with this script.
wheel_pid=
start_wheel() {
    [ -n "$doing" ] && [ -t 1 ] && [ "${TERM:-dumb}" != dumb ] || return 0
    (
        marks='|/-\' turn=0 began=$SECONDS columns=$(tput cols 2>/dev/null || echo 80)
        while kill -0 $$ 2>/dev/null; do
            text="  ${marks:turn++ % 4:1} $((SECONDS - began)) s"
            printf '\r\e[K%s' "${text:0:columns - 1}" 2>/dev/null || exit 0
            sleep 0.1
        done
        printf '\r\e[K' 2>/dev/null || true
    ) 9<&- </dev/null &
    wheel_pid=$!
}
stop_wheel() {
    [ -n "$wheel_pid" ] || return 0
    kill "$wheel_pid" 2>/dev/null || true
    wait "$wheel_pid" 2>/dev/null || true
    wheel_pid=
    printf '\r\e[K' 2>/dev/null || true
}

# Show the line of a step of `make up`, as compose/local/terminal/progress.py does: its name, since when, a note.
done_step() {
    local name=$1 began=${2/[.,]/} now=${EPOCHREALTIME/[.,]/} note=${3:-} mark='ok    ' tenths
    [ "${mode:-}" = up ] || return 0
    [[ ${LC_ALL:-${LC_CTYPE:-${LANG:-}}} != *[Uu][Tt][Ff]* ]] || mark='✓'
    if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then mark=$'\e[32m'$mark$'\e[0m'; fi
    tenths=$(((now - began) / 100000))
    say "  $mark $(printf '%-16s%4d.%d s' "$name" $((tenths / 10)) $((tenths % 10)))${note:+   $note}"
}

# Run a command without its output, unless it fails.
quietly() {
    local log
    log=$(mktemp)
    start_wheel
    # 9 is the lock, which no process that a command leaves running may hold.
    if ! "$@" >"$log" 2>&1 </dev/null 9<&-; then
        stop_wheel
        cat "$log" >&2 || true
        rm -f "$log"
        return 1
    fi
    stop_wheel
    rm -f "$log"
}

good_python() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# pyenv has commands for versions that are not installed, so each is tried.
find_python() {
    local name
    for name in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11 python3.14 /usr/bin/python3; do
        if type -P "$name" >/dev/null && good_python "$name"; then
            type -P "$name"
            return
        fi
    done
}

# NGINX's module that hashes credentials. The packages of nginx.org call it nginx-module-njs.
has_njs() {
    local modules
    modules=$(nginx -V 2>&1 | sed -n 's/.*--modules-path=\([^ ]*\).*/\1/p') || true
    [ -e "${modules:-/usr/lib/nginx/modules}/ngx_http_js_module.so" ]
}

# A browser for tests/browser, under one of the names that tests/browser/conftest.py knows.
has_chromium() {
    type -P chromium >/dev/null || type -P chromium-browser >/dev/null ||
        type -P google-chrome >/dev/null || type -P google-chrome-stable >/dev/null
}

is_ubuntu() { grep -qsx 'ID=ubuntu' "${OS_RELEASE:-/etc/os-release}"; }

# The Debian packages that are missing, one per line.
missing_packages() {
    local python=$1
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || type -P initdb >/dev/null || echo postgresql
    compgen -G '/usr/lib/rabbitmq/bin/rabbitmq-server' >/dev/null || echo rabbitmq-server
    type -P nginx >/dev/null || echo nginx
    has_njs || echo libnginx-mod-http-js
    if [ "${requirements:-}" = requirements-bench.txt ]; then # the load, and a peer's broker
        type -P wrk >/dev/null || echo wrk
        type -P redis-server >/dev/null || echo redis-server
    fi
    if [[ ${requirements:-} == requirements-@(dev|mutants).txt ]]; then # the tests download with these
        type -P curl >/dev/null || echo curl
        type -P wget >/dev/null || echo wget
        type -P aria2c >/dev/null || echo aria2
        type -P jq >/dev/null || echo jq # the README's session
        has_chromium || is_ubuntu || echo chromium
        type -P prometheus >/dev/null && type -P promtool >/dev/null || echo prometheus
    fi
    if [ -z "$python" ]; then
        printf '%s\n' python3 python3-venv
    elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        # Debian's Python keeps these apart, in a package for each version.
        "$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'
    fi
}

unit_exists() { [ -e "/lib/systemd/system/$1" ] || [ -e "/usr/lib/systemd/system/$1" ]; }

# Leave no service running or enabled that was not there before.
disable_services() {
    local unit
    [ -z "$policy_is_ours" ] || rm -f "$POLICY"
    type -P systemctl >/dev/null || return 0
    for unit in "${new_units[@]}"; do
        unit_exists "$unit" || continue
        quietly systemctl disable "$unit" || true
        [ ! -d /run/systemd/system ] || quietly systemctl stop "$unit" || true
    done
}

# Install packages, as root.
install_packages() {
    local unit
    begin "Installing Debian packages, once, which takes a minute or two: $*"
    new_units=() policy_is_ours=
    for unit in "${UNITS[@]}"; do
        unit_exists "$unit" || new_units+=("$unit")
    done
    trap disable_services EXIT # also when interrupted
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    if [ ! -e "$POLICY" ]; then
        policy_is_ours=yes
        printf '#!/bin/sh\nexit 101\n' >"$POLICY" # invoke-rc.d(8): starting is not allowed
        chmod 755 "$POLICY"
    fi
    export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
    local apt=(apt-get -y -o DPkg::Lock::Timeout=300)
    # An outdated list may still be good enough; if not, the installation fails.
    quietly "${apt[@]}" update || say "apt-get update failed; using the existing package lists."
    # In a session of its own: a Ctrl-C half-way would leave packages unconfigured.
    quietly setsid --wait "${apt[@]}" install --no-install-recommends \
        -o Dpkg::Options::=--force-confold "$@" ||
        die "These packages could not be installed: $*" "See the messages of apt-get above."
}

packages() {
    local missing
    mapfile -t missing < <(missing_packages "$1")
    [ ${#missing[@]} -gt 0 ] || return 0
    installed=${missing[*]}
    type -P apt-get >/dev/null || die "Missing: ${missing[*]}" \
        "This is not Debian or Ubuntu: install the equivalent packages, then try again."
    if [ "$(id -u)" = 0 ]; then
        install_packages "${missing[@]}"
    elif type -P sudo >/dev/null && sudo -n true 2>/dev/null; then
        flock -u 9 # the child process takes it
        sudo -n compose/bootstrap.sh packages "${missing[@]}"
        flock 9
    else
        die "Missing: ${missing[*]}" "Install them once as root, with: compose/bootstrap.sh packages ${missing[*]}"
    fi
}

# The files that .venv is made from; when their checksums differ, it is out of date.
fingerprint() {
    printf '%s\n' "$PWD"
    cksum "$1" setup.cfg pyproject.toml
}

# An older checkout installed the distribution under the name `reckoner`. Beside the present one it
# would bring every function a second time, from .venv and from the folder.
remove_former_name() {
    rm -rf reckoner.egg-info
    compgen -G '.venv/lib/python*/site-packages/reckoner-*.dist-info' >/dev/null || return 0
    quietly .venv/bin/python -m pip --disable-pip-version-check uninstall --quiet --yes reckoner ||
        die "The former distribution, reckoner, could not be removed from .venv; see the messages above."
}

virtual_environment() {
    local requirements=$1 python=$2 stamp=.venv/$1.stamp
    if [ ! -x .venv/bin/python ] || ! good_python .venv/bin/python; then
        begin "Creating .venv with $python"
        rm -rf .venv
        quietly "$python" -m venv .venv || die ".venv could not be created with $python; see the messages above."
    fi
    if [ ! -e "$stamp" ] || ! fingerprint "$requirements" | cmp -s - "$stamp"; then
        begin "Installing Python packages into .venv, once, which takes about a minute"
        local pip=(.venv/bin/python -m pip --disable-pip-version-check --no-input install --quiet)
        quietly "${pip[@]}" -r "$requirements" || die "Python packages could not be installed; see the messages above."
        remove_former_name
        # Editable: the functions are found by entry points, which need an installation.
        quietly "${pip[@]}" --no-deps -e . || die "Reckoner could not be installed into .venv; see the messages above."
        fingerprint "$requirements" >"$stamp"
    fi
}

# One at a time. The lock is on this file, so that no lock file is left behind.
exec 9<compose/bootstrap.sh
flock 9

mode=${1:-}
case $mode in
up) requirements=requirements-up.txt ;;
dev) requirements=requirements-dev.txt ;;
bench) requirements=requirements-bench.txt ;;
mutants) requirements=requirements-mutants.txt ;;
packages)
    [ "$(id -u)" = 0 ] || die "Only root can install packages." "Try: sudo compose/bootstrap.sh packages"
    shift
    if [ $# -gt 0 ]; then install_packages "$@"; else packages "$(find_python)"; fi
    exit
    ;;
*) die "Usage: compose/bootstrap.sh up|dev|bench|mutants|packages" ;;
esac

[ -w . ] || die "The user $(id -un) cannot write to this folder." "Run this as its owner, or copy it."
[ ! -e .venv ] || [ -O .venv ] || die "The folder .venv belongs to another user." \
    "Run this as that user, or delete the folder."

# Later runs use the Python that .venv was made with.
if [ -x .venv/bin/python ] && good_python .venv/bin/python; then
    python=.venv/bin/python
else
    python=$(find_python)
fi
began=$EPOCHREALTIME
packages "$python"
done_step programs "$began" "${installed:-all installed}"
if [[ $requirements == requirements-@(dev|mutants).txt ]] && ! has_chromium; then
    say "Chromium is missing, and tests/browser will fail. Ubuntu has it only as a snap, which these tests" \
        "may not be able to start: install Google Chrome (google.com/chrome), or: sudo snap install chromium"
fi
[ -n "$python" ] || python=$(find_python)
[ -n "$python" ] || die "Python 3.11 or newer was not found." \
    "Install it; if it is not on the PATH, give its path: PYTHON=/path/to/python3 make up"
began=$EPOCHREALTIME
virtual_environment "$requirements" "$python"
done_step .venv "$began"
# Other people's JavaScript, which is not in this repository. Everything else works without it, and the next
# start tries again.
began=$EPOCHREALTIME
if .venv/bin/python compose/browser_packages/install.py .venv/share/reckoner/browser 9<&-; then
    done_step "browser packages" "$began"
else
    say "The console and the page /docs will only say what they lack, and the tests of them will fail. Connect to" \
        "the registry of npm, or name a mirror of it, for example: npm_config_registry=https://npm.example.org make up"
fi
[ "$requirements" != requirements-dev.txt ] ||
    .venv/bin/python compose/browser_packages/install.py .venv/share/reckoner/browser-tests \
        tests/browser/packages.json 9<&- ||
    say "The tests of the console will fail: what they need could not be installed, see above."
