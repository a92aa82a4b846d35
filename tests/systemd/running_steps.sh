# shellcheck shell=sh
# boot_inside.sh's steps with a running store: a webhook, an operator, the watchdog, a stop.

database=/var/lib/reconciled/reconciled.db

within() { # seconds, WHAT, command…
  tenths=$(($1 * 10)); what=$2; shift 2
  while [ "$tenths" -gt 0 ]; do
    "$@" >/dev/null 2>&1 && return 0
    tenths=$((tenths - 1))
    sleep 0.1
  done
  fault "$what"
}

deliverable() { reconciled show order-1 --json | grep -q '"deliverable": *true'; }

take_in_a_webhook() {
  portone-sandbox --api-secret key --store-id store-1 \
    --webhook-secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw \
    --webhook-url http://127.0.0.1:8801/webhooks/portone >/tmp/portone 2>&1 &
  within 5 "portone-sandbox listens" grep -q listening /tmp/portone
  must "PortOne says that all is right" reconciled check --online
  must "an order" reconciled order order-1 --amount 64900 --currency KRW
  must "a payment" portone-sandbox pay order-1 --amount 64900
  within 5 "a paid order is deliverable" deliverable
}

# As `reconciled init` says it.
begin_a_third_store() {
  file=/etc/reconciled/third.toml
  must "init" reconciled --config "$file" init --store-id store-1 --port 8821
  grep -q 'systemctl enable --now reconciled@third$' /tmp/said || fault "init does not name the instance"
  grep -q '/etc/reconciled/credentials/third/portone_webhook_secret' /tmp/said ||
    fault "init does not name the instance's secrets"
  credentials /etc/reconciled/credentials/third
  sed -i 's|https://api.portone.io|http://127.0.0.1:8810|' "$file"
  must "check of the third store" reconciled --config "$file" check --online
  must "start of the third store" systemctl start reconciled@third
  [ -e /var/lib/reconciled/third/reconciled.db ] || fault "the third store has no database of its own"
  must "stop of the third store" systemctl stop reconciled@third
}

as_operator() { runuser -u boot-operator -- "$@"; }
asked() { as_operator sqlite3 -readonly "$1" "SELECT result FROM overview WHERE payment_id = 'order-1'"; }

read_as_operator() {
  must "an operator" useradd --system --groups reconciled boot-operator
  [ "$(asked "$database" 2>/tmp/said)" = paid ] || { fault "an operator reads nothing"; cat /tmp/said; }
  must "an operator lists" as_operator reconciled list
  must_fail "an operator writes" as_operator sqlite3 "$database" "DELETE FROM finding"
  must_fail "an operator reads secrets" as_operator cat /etc/reconciled/credentials/portone_api_secret
  must_fail "anybody reads" runuser -u nobody -- sqlite3 -readonly "$database" "SELECT 1 FROM overview"
  must "stop" systemctl stop reconciled
  [ "$(asked "file:$database?immutable=1" 2>/tmp/said)" = paid ] || {
    fault "an operator reads nothing while it is stopped"
    cat /tmp/said
    ls -la /var/lib/reconciled
  }
  must "start" systemctl start reconciled
}

restarts() { systemctl show -p NRestarts --value reconciled; }
was_restarted() { [ "$(restarts)" = 1 ] && systemctl is-active reconciled; }

# The watchdog's 30 s and the pause of 5 s before a start are shortened.
end_a_hanging_one() {
  mkdir -p /run/systemd/system/reconciled.service.d
  printf '[Service]\nWatchdogSec=2s\nRestartSec=100ms\n' >/run/systemd/system/reconciled.service.d/boot.conf
  systemctl daemon-reload
  must "restart with a short watchdog" systemctl restart reconciled
  sleep 2.5
  [ "$(restarts)" = 0 ] || fault "the watchdog ends one that works"
  systemctl kill --kill-who=main -s STOP reconciled
  within 10 "one that stands still is started again" was_restarted
  within 5 "what was taken in is there" deliverable
  rm -r /run/systemd/system/reconciled.service.d
  systemctl daemon-reload
}

stop_with_a_webhook_in_flight() {
  must "a webhook in flight at a stop" python3 traffic.py in-flight 8801 reconciled
  must "start again" systemctl start reconciled
  [ "$(sqlite3 -readonly "$database" "SELECT count(*) FROM event WHERE payment_id = 'boot-in-flight'")" = 1 ] ||
    fault "a webhook that was answered is not stored"
}
