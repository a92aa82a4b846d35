#!/bin/sh
# Builds and tests in a clean Debian of one release, whichever this machine runs.
#
# usage: sh tests/debian.sh 12|13 [--keep] [--label LABEL]
#   12|13    the release
#   --keep   leaves the root under build/debianN, and takes one that is there already
#   --label  only the tests of this label: unit, storage, http, e2e
#
# As root. mmdebstrap makes the root from the mirror that apt uses here; what git tracks is copied into
# it, and tests/run.sh runs there. What the root cannot do (boot a container) is skipped inside.
set -eu

usage() { sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2; }

release=
keep=no
label=
while [ $# -gt 0 ]; do
  case $1 in
    12 | 13) [ -z "$release" ] || usage; release=$1 ;;
    --keep) keep=yes ;;
    --label)
      case ${2-} in unit | storage | http | e2e) label=$2 ;; *) usage ;; esac
      shift
      ;;
    *) usage ;;
  esac
  shift
done
case $release in
  12) suite=bookworm ;;
  13) suite=trixie ;;
  *) usage ;;
esac

cd "$(dirname "$0")/.."
[ "$(id -u)" -eq 0 ] || { echo "Only root can make another root." >&2; exit 1; }
# shellcheck source=daemon/packages.sh
. daemon/packages.sh
install_missing git mmdebstrap
root=$PWD/build/debian$release

# The archive of Debian itself that apt takes packages from; known once apt has read its lists.
mirror() {
  # shellcheck disable=SC2016  # apt's words
  apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
    sed -n 's/^Debian \([^ ]*\)$/\1/p' | head -n 1
}
archive=$(mirror)
[ -n "$archive" ] || { apt-get -qq update; archive=$(mirror); }
[ -n "$archive" ] || { echo "apt knows no archive of Debian." >&2; exit 1; }

inside=
# shellcheck disable=SC2317  # called by the traps
clean_up() {
  status=$?
  trap - EXIT INT TERM HUP
  [ -z "$inside" ] || { kill "$inside" 2>/dev/null || true; wait "$inside" || true; }
  [ "$keep" = yes ] || rm -rf --one-file-system "$root"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

if [ "$keep" = no ] || [ ! -e "$root/made" ]; then
  rm -rf --one-file-system "$root"
  mkdir -p "$root"
  mmdebstrap --quiet --variant=minbase "$suite" "$root" "$archive"
  : >"$root/made"
fi
cp /etc/hosts /etc/resolv.conf "$root/etc/"
# Whom this machine trusts: its way to npm's registry may have a certificate of its own.
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/trusted-outside.pem"

# As it stands, committed or not. What was built there before stays.
mkdir -p "$root/src"
find "$root/src" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
git ls-files -z | tar --create --null --files-from=- | tar --extract --directory "$root/src"

# Mounted and running in namespaces of their own: whatever ends this, mounts and processes go with it.
# shellcheck disable=SC2016  # for the shell inside
unshare --mount --propagation private --pid --fork --kill-child sh -eu -c '
  mount -t proc proc "$1/proc"
  mount --rbind /dev "$1/dev"
  exec chroot "$1" env -i HOME=/root LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    NODE_EXTRA_CA_CERTS=/etc/trusted-outside.pem \
    sh -c "cd /src && exec sh tests/run.sh ${2:+--label $2}"
' sh "$root" "$label" &
inside=$!
status=0
wait "$inside" || status=$?
inside=
exit "$status"
