#!/bin/sh
# The units load in systemd without a complaint and stay confined.
#
# usage: verify.sh PROGRAM FOLDER   (the built `reconciled`, the folder with the units)
# Works on copies whose ExecStart= is PROGRAM. It proves first that it can fail.
set -eu

program=$1
units=$(cd "$2" && pwd)
most_exposed=11 # tenths of systemd's exposure level
copies=$(mktemp -d)
trap 'rm -rf "$copies"' EXIT

# systemd-analyze exits 0 on settings that it ignores, so any word about a unit of ours counts.
loads() {
  said=$(systemd-analyze verify --man=no "$@" 2>&1) || { printf '%s\n' "$said"; return 1; }
  if printf '%s\n' "$said" | grep -F reconciled; then return 1; fi
}

is_confined() {
  systemd-analyze security --offline=true --no-pager --threshold="$most_exposed" "$1" \
    >"$copies/report" 2>&1 && return 0
  grep -v '✓' "$copies/report" || true
  return 1
}

must_fail() {
  if "$@" >/dev/null 2>&1; then
    echo "the check accepts a broken unit: $*" >&2
    exit 1
  fi
}

test -x "$program" || { echo "no program at $program" >&2; exit 1; }

mkdir "$copies/broken"
for fault in 's|^ExecStart=.*|ExecStart=/nonexistent/reconciled serve|' \
  's|^Type=.*|Type=sometimes|' 's|^UMask=.*|Umask=0077|'; do
  sed "$fault" "$units/reconciled.service" >"$copies/broken/reconciled.service"
  must_fail loads "$copies/broken/reconciled.service"
done
sed -e '/^Protect/d' -e '/^Private/d' -e '/^Restrict/d' \
  "$units/reconciled.service" >"$copies/broken/reconciled.service"
must_fail is_confined "$copies/broken/reconciled.service"

for unit in "$units"/*.service "$units"/*.socket "$units"/*.timer; do
  sed -E "s#^(ExecStart|ExecReload)=/usr/bin/reconciled#\\1=$program#" "$unit" >"$copies/${unit##*/}"
done
loads "$copies"/*.service "$copies"/*.socket "$copies"/*.timer
for unit in "$copies"/*.service; do
  is_confined "$unit"
done

for file in "$units"/*.sysusers; do
  systemd-sysusers --dry-run "$file" >/dev/null
done
echo "all units are good"
