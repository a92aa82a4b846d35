#!/bin/sh
# Command one: builds reconciled, starts it against a PortOne of its own, and pays two orders.
#
# usage: sh daemon/quickstart.sh [--once] [--built DIR]
#   --once   ends after the two payments: exit 0 when both are paid and deliverable
#   --built  takes the programs of this build folder instead of building them
#
# Listens on 127.0.0.1 at RECONCILED_PORT (default 28801: webhooks), +1 (returning buyers),
# +2 (admin) and +3 (the sandbox). Everything it makes stands under build/quickstart.
set -eu

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2; }

top=$(cd "$(dirname "$0")/.." && pwd)
once=no
built=
while [ $# -gt 0 ]; do
  case $1 in
    --once) once=yes ;;
    --built) [ $# -ge 2 ] || usage; built=$(cd "$2" && pwd) || exit 2; shift ;;
    *) usage ;;
  esac
  shift
done

cd "$top"
build=build/quickstart
programs=${built:-$top/$build}
run=$build/run
# shellcheck source=daemon/packages.sh
. daemon/packages.sh

webhook_port=${RECONCILED_PORT:-28801}
redirect_port=$((webhook_port + 1))
admin_port=$((webhook_port + 2))
sandbox_port=$((webhook_port + 3))
admin=http://127.0.0.1:$admin_port
sandbox=http://127.0.0.1:$sandbox_port
return_url=http://127.0.0.1:$redirect_port/payments/complete
database=$run/reconciled.db
config=$run/reconciled.toml
processes=$run/pids

if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
  bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
else
  bold='' dim='' plain=''
fi
say() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
note() { printf '  %s%s%s\n' "$dim" "$1" "$plain"; }
fail() { printf '\n%s\n' "$1" >&2; exit 1; }

# --- processes -----------------------------------------------------------------------------------

# Whether PID is a program of this folder's build, or this script; never a stranger with a used id.
is_ours() {
  case $(readlink "/proc/$1/exe" 2>/dev/null) in
    "$programs"/*) return 0 ;;
  esac
  return 1
}

end_process() {
  is_ours "$1" || return 0
  kill "$1" 2>/dev/null || return 0
  for _ in $(seq 150); do
    is_ours "$1" || return 0
    sleep 0.1
  done
  kill -9 "$1" 2>/dev/null || true
}

all_up() {
  for child in $started; do is_ours "$child" || return 1; done
}

# An earlier run that was killed leaves its programs behind; one that is still up is left alone.
end_earlier_run() {
  [ -f "$processes" ] || return 0
  read -r script children <"$processes" || return 0
  case $(tr '\0' ' ' <"/proc/$script/cmdline" 2>/dev/null) in
    *quickstart.sh*)
      [ "$script" = $$ ] || fail "quickstart is already up (process $script): stop it with Ctrl-C there."
      ;;
  esac
  for child in $children; do end_process "$child"; done
  rm -f "$processes"
}

started=
# shellcheck disable=SC2317  # called by the traps
clean_up() {
  status=$?
  trap - EXIT INT TERM HUP
  [ -z "$started" ] || {
    for child in $started; do end_process "$child"; done
    rm -f "$processes"
  }
  exit "$status"
}

# start NAME PORT COMMAND…: runs it in the background, its words in run/NAME.log.
start() {
  name=$1 port=$2
  shift 2
  "$@" >"$run/$name.log" 2>&1 &
  child=$!
  started="$started $child"
  echo "$$$started" >"$processes"
  for _ in $(seq 100); do
    kill -0 "$child" 2>/dev/null || break
    # Any HTTP status will do: it listens.
    curl -s -o /dev/null "http://127.0.0.1:$port/" && kill -0 "$child" 2>/dev/null && return 0
    sleep 0.1
  done
  cat "$run/$name.log" >&2
  if grep -qi 'in use' "$run/$name.log"; then
    fail "A port is taken. Choose others: RECONCILED_PORT=38801 sh daemon/quickstart.sh"
  fi
  fail "$name did not start; its words are above."
}

# --- building ------------------------------------------------------------------------------------

# quietly WHAT COMMAND…: its output only if it fails.
quietly() {
  what=$1
  shift
  "$@" >"$build/build.log" 2>&1 || { cat "$build/build.log" >&2; fail "$what failed."; }
}

build_programs() {
  mkdir -p "$build"
  quietly Configuring cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release
  set -- ninja -C "$build" -j "$(nproc)" reconciled portone-sandbox
  if [ -t 1 ]; then
    NINJA_STATUS='  [%f/%t] ' "$@" || fail "Building failed."
  else
    quietly Building "$@"
  fi
}

write_config() {
  cat >"$config" <<END
# Written anew by daemon/quickstart.sh: reconciled against the sandbox.
[storage]
path = "$top/$database"
[webhook]
listen = "127.0.0.1:$webhook_port"
source_ips = ["127.0.0.1"]
[redirect]
listen = "127.0.0.1:$redirect_port"
[admin]
listen = "127.0.0.1:$admin_port"
[portone.v1]
base_url = "$sandbox"
imp_key = "sandbox_key"
imp_secret = "sandbox_secret"
[portone.v2]
base_url = "$sandbox"
api_secret = "sandbox_api_secret"
store_id = "store-00000000-0000-4000-8000-000000000000"
webhook_secrets = ["whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="]
END
}

# --- paying --------------------------------------------------------------------------------------

post() {
  curl -fsS -X "$1" -H 'Content-Type: application/json' -d "$3" "$2" ||
    fail "$1 $2 was refused; see $run/*.log"
}
json_text() { sed -n 's/.*"'"$1"'": *"\([^"]*\)".*/\1/p' | head -n 1; }
query() { sqlite3 -readonly -noheader -cmd '.timeout 2000' "$database" "$1"; }

# until_true SQL: waits until it answers 1; gives up after 10 s, and the table shows how far it came.
until_true() {
  for _ in $(seq 100); do
    is_true=$(query "$1") || fail "$database does not answer: $1"
    [ "$is_true" != 1 ] || return 0
    sleep 0.1
  done
}

row() { printf '  %-35s %-17s %-15s %-7s %-10s %s\n' "$@"; }
show() {
  columns=$(query "SELECT ui_state, webhook_status, result, coalesce(authority, '-'),
                          CASE deliverable WHEN 1 THEN 'yes' ELSE 'no' END
                   FROM payment WHERE payment_id = '$payment'") ||
    fail "$database does not tell how $payment stands."
  [ -n "$columns" ] || fail "$database does not know $payment."
  old_ifs=$IFS
  IFS='|'
  # shellcheck disable=SC2086  # one word a column
  set -- "$1" $columns
  IFS=$old_ifs
  row "$@"
}

# Whether the sandbox's REST API answers: without it no look-up can tell how a payment stands.
let_rest() { post PUT "$sandbox/sandbox/faults" "{\"rest\":$1}" >/dev/null; }

# pay VERSION PAYMENT_ID AMOUNT
pay() {
  payment=$2
  say "$1: $2, $3 won"
  row '' ui_state webhook_status result authority deliverable
  post PUT "$admin/orders/$2" '{"amount":'"$3"',"currency":"KRW"}' >/dev/null
  show "the shop registers the order"

  let_rest '{"mode":"status","status":503}'
  paid=$(post POST "$sandbox/sandbox/payments" '{"payment_id":"'"$2"'","version":"'"$1"'",
    "amount":'"$3"',"status":"paid","webhook":false}')
  attempt=$(printf '%s' "$paid" | json_text attempt_id)
  curl -fsS -o /dev/null "$return_url?$(printf '%s' "$paid" | json_text redirect_query)"
  until_true "SELECT ui_state <> 'none' FROM payment WHERE payment_id = '$2'"
  show "1. the buyer's browser returns"

  let_rest '{"mode":"normal"}'
  post POST "$sandbox/sandbox/webhooks/send" '{"attempt_id":"'"$attempt"'"}' >/dev/null
  until_true "SELECT authority = 'webhook' FROM payment WHERE payment_id = '$2'"
  show "2. PortOne's webhook, and a look-up"
}

overview='SELECT * FROM overview'
timeline='SELECT at, payment_id, kind, summary FROM timeline'

look_around() {
  shown=${programs#"$top"/}
  reconciled="$shown/daemon/reconciled --config $config"
  portone="$shown/tests/sandbox/portone-sandbox"
  say "Look around (from $top)"
  cat <<END
  sqlite3 -readonly -box $database \\
    '$overview'
  sqlite3 -readonly -box $database \\
    '$timeline'
  curl $admin/payments/order-v1
  curl '$admin/payments?result=paid'
  curl $admin/metrics
  $reconciled list
END
  say "Try it: in the browser, at $sandbox/"
  note "It lists the payments and their webhooks, opens payment windows, and sends webhooks again,"
  note "late, twice or never. Or the same from here; the shop registers an order before it is paid:"
  cat <<END
  $reconciled order order-3 --amount 5000 --currency KRW
  $portone pay order-3 --amount 5000 --webhook late=5s --url $sandbox
  $reconciled show order-3
  $portone cancel order-3 --amount 2000 --webhook twice --url $sandbox
END
}

# -------------------------------------------------------------------------------------------------

end_earlier_run
say "1/4  Packages"
# shellcheck disable=SC2086  # a list of words
install_missing $build_packages || exit 1
note "all there"

if [ -n "$built" ]; then
  say "2/4  Built already"
  mkdir -p "$build"
else
  say "2/4  Building reconciled and portone-sandbox (a few minutes the first time)"
  build_programs
fi
note "${programs#"$top"/}/daemon/reconciled"

trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
say "3/4  Starting"
rm -rf "$run"
mkdir -p "$run"
write_config
start portone-sandbox "$sandbox_port" "$programs/tests/sandbox/portone-sandbox" \
  --listen "127.0.0.1:$sandbox_port" --return-url "$return_url" \
  --webhook-url "http://127.0.0.1:$webhook_port/webhooks/portone"
note "portone-sandbox, a PortOne of your own: $sandbox/"
start reconciled "$admin_port" "$programs/daemon/reconciled" --config "$config" serve
note "reconciled: webhooks :$webhook_port, returning buyers :$redirect_port, admin :$admin_port"

say "4/4  Paying two orders: the browser comes back first, the webhook later"
note "Until the webhook leaves, the sandbox answers no look-up: what step 1 moves is the browser's"
note "word alone. It moves ui_state, and nothing else."
pay v1 order-v1 64900
pay v2 order-v2 12000

good=$(query "SELECT count(*) FROM payment WHERE result = 'paid' AND deliverable = 1")
[ "$good" = 2 ] || fail "Not both orders are paid and deliverable; see $run/*.log"
for view in "$overview" "$timeline"; do
  query "$view" >/dev/null || fail "$database does not answer: $view"
done
say "Both are paid, and deliverable says that the goods may go out."
[ "$once" = no ] || exit 0

look_around
say "Up until Ctrl-C. Logs: $run/reconciled.log, $run/portone-sandbox.log"
while all_up; do
  sleep 1 &
  wait $! || true
done
fail "A program ended by itself; see $run/*.log"
