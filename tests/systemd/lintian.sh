#!/bin/sh
# Debian's own judge of packages has neither an error nor a warning. Proves first that it can fail.
#
# usage: lintian.sh PACKAGES
set -eu
command -v lintian >/dev/null || { echo "left out: no lintian"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

judged() { lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$@"; }

dpkg-deb --raw-extract "$1"/reconciled_*.deb "$work/broken"
rm "$work"/broken/usr/share/doc/reconciled/copyright
dpkg-deb --build "$work/broken" "$work/broken.deb" >/dev/null
if judged "$work/broken.deb" >/dev/null 2>&1; then
  echo "lintian accepts a package without a copyright" >&2
  exit 1
fi
judged "$1"/*.deb
