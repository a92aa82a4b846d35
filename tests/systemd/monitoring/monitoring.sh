#!/bin/sh
# Metrics, alarms and the dashboard for Grafana, with a running daemon's /metrics.
#
# usage: monitoring.sh PROGRAM SOURCE PROMTOOL   (the built `reconciled`, the source tree)
# Prometheus' own tool judges metrics and rules; each rule is broken once, which its test must see.
set -eu
program=$1
source=$2
promtool=$3
here=$source/tests/systemd/monitoring
work=$(mktemp -d)
daemon=
trap '[ -z "$daemon" ] || { kill "$daemon"; wait "$daemon" || true; }; rm -rf "$work"' EXIT

cat >"$work/c.toml" <<END
[storage]
path = "$work/r.db"
[webhook]
listen = "unix:$work/webhook"
[redirect]
listen = "unix:$work/redirect"
[admin]
listen = "unix:$work/admin"
[portone.v2]
base_url = "http://127.0.0.1:9"
api_secret = "key"
store_id = "store-1"
webhook_secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
END
"$program" --config "$work/c.toml" serve 2>"$work/log" &
daemon=$!
tries=100
until curl --silent --fail --unix-socket "$work/admin" http://localhost/metrics >"$work/metrics"; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || { cat "$work/log"; exit 1; }
  sleep 0.1
done

failed=0
fault() { echo "FAULT: $1"; failed=1; }

"$promtool" check metrics <"$work/metrics" || fault "promtool does not like the metrics"
# Nobody walks the lists of an API that is not configured: none of them is old.
grep -q '^reconciled_sweep_age_seconds{api="v1"} 0$' "$work/metrics" || fault "V1's sweep has an age"

cp "$source/systemd/reconciled.rules.yml" "$here/alerts_test.yml" "$work/"
"$promtool" check rules "$work/reconciled.rules.yml" >/dev/null || fault "promtool does not like the rules"
judge() { (cd "$work" && "$promtool" test rules alerts_test.yml >said 2>&1); }
judge || { fault "an alert"; cat "$work/said"; }
for broken in "vector(0) > 1" "vector(1)"; do # their conditions never hold, or always
  python3 -c '
import re, sys
text = open(sys.argv[1]).read()
sys.stdout.write(re.sub(r"expr:.*?(?=\n        (for|labels):)", "expr: " + sys.argv[2], text, flags=re.S))
' "$source/systemd/reconciled.rules.yml" "$broken" >"$work/reconciled.rules.yml"
  if judge; then fault "no test sees alerts that are broken"; fi
  for alert in $(sed -n 's/.*alert: //p' "$source/systemd/reconciled.rules.yml"); do
    grep -q "alertname: $alert," "$work/said" || fault "no test sees that $alert is $broken"
  done
done

names() {
  python3 "$here/names.py" "$work/metrics" "$1" "$source/systemd/grafana.json" "$source/README.md"
}
names "$source/systemd/reconciled.rules.yml" || fault "what is named is not there"
sed 's/reconciled_inbox_oldest_seconds/reconciled_inbox_age_seconds/; s/"disk_low"/"disk_full"/' \
  "$source/systemd/reconciled.rules.yml" >"$work/wrong.yml"
[ "$(names "$work/wrong.yml" | wc -l)" = 2 ] || fault "what is not there may be named"
exit "$failed"
