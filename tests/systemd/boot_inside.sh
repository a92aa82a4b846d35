#!/bin/sh
# What boot.sh runs inside: as root, in a real systemd. Makes /boot.passed where all is as it should.
set -u
cd /boot-test || exit 1

faults=0
fault() { echo "FAULT: $*"; faults=$((faults + 1)); }
# must WHAT COMMAND...: it succeeds; must_fail: it does not.
must() { what=$1; shift; "$@" >/tmp/said 2>&1 || { fault "$what"; cat /tmp/said; }; }
must_fail() { what=$1; shift; if "$@" >/tmp/said 2>&1; then fault "$what"; fi; }
journal() { journalctl --no-pager -o cat -u "$1" 2>/dev/null; }
told() { # unit, text: within 5 s
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    journal "$1" | grep -qF -- "$2" && return 0
    sleep 0.5
  done
  fault "the journal of $1 does not say: $2"
  journal "$1" | tail -n 20
}

configure() { # file, database, first port
  cat >"$1" <<EOF
[storage]
path = "$2"
[webhook]
listen = "127.0.0.1:$3"
[redirect]
listen = "127.0.0.1:$(($3 + 1))"
[admin]
listen = "127.0.0.1:$(($3 + 2))"
[portone.v2]
base_url = "http://127.0.0.1:8810"
api_secret = "credential:portone_api_secret"
store_id = "store-1"
webhook_secrets = ["credential:portone_webhook_secret"]
EOF
  chmod 644 "$1"
}

credentials() { # folder
  mkdir -p "$1"
  chmod 700 "$1"
  printf 'key \r\n' >"$1/portone_api_secret"
  printf '\357\273\277whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n' >"$1/portone_webhook_secret"
  chmod 600 "$1"/*
}

# Something answers HTTP at the address (as a `listen` says it), if only 404.
answers() {
  printf '[webhook]\nlisten = "127.0.0.1:1"\n[redirect]\nlisten = "127.0.0.1:2"\n' >/tmp/asked.toml
  printf '[admin]\nlisten = "%s"\n' "$1" >>/tmp/asked.toml
  reconciled --config /tmp/asked.toml status 2>&1 | grep -q 'answers 404'
}

reloads() { # unit, configuration
  cp "$2" /tmp/good.toml
  printf '[log]\nlevel = "debug"\n' >>"$2"
  must "reload of $1 with a good file" systemctl reload "$1"
  told "$1" "changed key taken over key=log.level"
  told "$1" "configuration reread taken_over=1 needs_restart=0"
  printf '[lgo]\nlevel = "info"\n' >>"$2"
  must_fail "reload of $1 with a faulty file succeeds" systemctl reload "$1"
  told "$1" "lgo: unknown table, did you mean log?"
  must "$1 runs on after a faulty reload" systemctl is-active "$1"
  [ "$(journal "$1" | grep -c 'configuration reread')" = 1 ] || fault "$1 took a faulty file"
  cp /tmp/good.toml "$2"
  sed -i 's/^store_id.*/&\n[portone.v1]\nimp_key = "k"\nimp_secret = "s"/' "$2"
  sed -i '/^webhook_secrets/d' "$2"
  sed -i 's/^store_id.*/&\nwebhook_secrets = ["credential:portone_webhook_secret"]/' "$2"
  must "reload of $1 with another API" systemctl reload "$1"
  told "$1" "changed key needs a restart key=portone.v1"
  systemctl show -p StatusText "$1" | grep -q 'needs a restart: portone.v1' ||
    fault "the status of $1 names no key that waits"
  cp /tmp/good.toml "$2"
  must "reload of $1 with the first file" systemctl reload "$1"
}

# The README's steps, with the address where the webhook listener then is.
sockets() { # service, webhook socket, redirect socket, address
  must_fail "a socket beside a running service" systemctl start "$2"
  must "stop of $1" systemctl stop "$1"
  must "sockets of $1" systemctl enable --now "$2" "$3"
  must "start of $1 with sockets" systemctl start "$1"
  must "$1 answers behind its socket" answers "$4"
  # Stopped, it is started by who connects: nobody is refused.
  must "second stop of $1" systemctl stop "$1"
  must "$1 is started by who connects" answers "$4"
  must "$1 runs" systemctl is-active "$1"
  must "restart of $1 with sockets" systemctl restart "$1"
  must "$1 answers after a restart" answers "$4"
}

. ./package_steps.sh
. ./running_steps.sh

install_older
configure /etc/reconciled/reconciled.toml /var/lib/reconciled/reconciled.db 8801
credentials /etc/reconciled/credentials
configure /etc/reconciled/shop.toml /var/lib/reconciled/shop/reconciled.db 8811
credentials /etc/reconciled/credentials/shop
upgrade

for unit in reconciled reconciled@shop; do
  file=/etc/reconciled/${unit#reconciled@}.toml
  must "check of $unit as root" reconciled --config "$file" check
  must "start of $unit" systemctl start "$unit"
  must "list as root" reconciled --config "$file" list
  must "status as root" reconciled --config "$file" status
  reloads "$unit" "$file"
done
take_in_a_webhook
begin_a_third_store
read_as_operator
end_a_hanging_one
stop_with_a_webhook_in_flight
sockets reconciled reconciled-webhook.socket reconciled-redirect.socket 127.0.0.1:8801
sockets reconciled@shop reconciled-webhook@shop.socket reconciled-redirect@shop.socket \
  unix:/run/reconciled-webhook-shop.sock
must "webhooks during restarts behind a socket" python3 traffic.py hand-over 8801 reconciled
cat /tmp/said

# The database is still the daemon's after root has read it.
chown_faults=$(find /var/lib/reconciled -not -user reconciled)
[ -z "$chown_faults" ] || fault "not the daemon's: $chown_faults"
# A secret that is no text ends the start with 78 and its key.
printf 'key-\351\n' >/etc/reconciled/credentials/portone_api_secret
must_fail "start with a secret that is no text" systemctl restart reconciled
told reconciled "portone.v2.api_secret: credential:portone_api_secret holds a character beyond"
[ "$(systemctl show -p ExecMainStatus --value reconciled)" = 78 ] || fault "the status is not 78"
credentials /etc/reconciled/credentials
must "start with the secret mended" systemctl restart reconciled

remove_and_install_again
purge

[ "$faults" = 0 ] && : >/boot.passed
exit 0
