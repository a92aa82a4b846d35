#!/bin/sh
# Command two: builds everything with warnings as errors and runs the tests.
#
# usage: sh tests/run.sh [--sanitize address,undefined|thread] [--tidy] [--label LABEL] [--full]
#   --sanitize  the same tests under these sanitizers, in a build folder of their own
#   --tidy      clang-tidy over daemon/ and storage/ instead of the tests (Debian 12)
#   --label     only the tests of this label: unit, storage, http, e2e
#   --full      what is done a few times each time is done hundreds of times, from a seed of its own:
#               kills, power cuts, floods, notifications, damaged files (within the hour)
#
# Installs with apt what is missing, and axe-core with npm. Everything it makes stands under build/.
set -eu

usage() { sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 2; }

sanitize=
tidy=no
label=
full=no
while [ $# -gt 0 ]; do
  case $1 in
    --sanitize) [ $# -ge 2 ] || usage; sanitize=$2; shift ;;
    --label) [ $# -ge 2 ] || usage; label=$2; shift ;;
    --tidy) tidy=yes ;;
    --full) full=yes ;;
    *) usage ;;
  esac
  shift
done

cd "$(dirname "$0")/.."
case $sanitize in
  '') build=build/test ;;
  address,undefined) build=build/asan ;;
  thread) build=build/tsan ;;
  *) usage ;;
esac
batches=ON
# clang-tidy looks at each source by itself.
[ "$tidy" = no ] || { build=build/tidy; batches=OFF; }

# shellcheck source=daemon/packages.sh
. daemon/packages.sh
# nginx stands before the daemon in a test; PostgreSQL prepares the statements that it shares with
# SQLite; systemd's tools judge the units, lintian the packages, and one test boots a container; under
# libfaketime the daemon's clock steps; a buyer's browser looks at the pages, with letters for Korean.
test_packages="$build_packages ccache chromium-driver dpkg-dev file fonts-noto-cjk libfaketime lintian nginx-light openssl postgresql systemd systemd-container"
# An older one does not know coroutines.
[ "$tidy" = no ] || test_packages="$test_packages clang-tidy-16"
# A machine without PostgreSQL gets none that runs: the test starts its own.
clusters=/etc/postgresql-common/createcluster.conf
if [ ! -e "$clusters" ]; then
  install_missing postgresql-common
  echo "create_main_cluster = false" | ${as_root:-} tee -a "$clusters" >/dev/null
fi
# What the recipes for a shop's backend run on. Another source of Node brings its own npm.
test_packages="$test_packages make php-cli php-sqlite3 python3-fastapi python3-httpx python3-uvicorn"
command -v npm >/dev/null || test_packages="$test_packages nodejs npm"
# shellcheck disable=SC2086  # a list of words
install_missing $test_packages

# Of Prometheus the tests need one program; its package would start a server.
tools=build/tools
if [ "$tidy" = no ] && [ ! -x "$tools/usr/bin/promtool" ] && ! command -v promtool >/dev/null; then
  mkdir -p "$tools"
  (cd "$tools" && {
    apt-get -qq download prometheus 2>said || { ${as_root:-} apt-get -qq update && apt-get -qq download prometheus; }
  })
  dpkg-deb --extract "$tools"/prometheus_*.deb "$tools"
fi

# Looks for what bars people from the pages. A machine that has npm from elsewhere keeps it.
axe=axe-core@4.14.1
if [ "$tidy" = no ] && [ "$(cat build/npm/axe 2>/dev/null)" != "$axe" ]; then
  command -v npm >/dev/null || install_missing npm
  mkdir -p build/npm
  npm install --silent --no-audit --no-fund --prefix build/npm "$axe"
  echo "$axe" >build/npm/axe
fi

seconds=600
if [ "$full" = yes ]; then
  seconds=3000
  export RECONCILED_CRASHES=400 RECONCILED_CUTS=60 RECONCILED_FLOOD_SECONDS=20 \
    RECONCILED_LOCK_SECONDS=60 RECONCILED_NOTIFICATIONS=10000 RECONCILED_DAMAGE=10000
  RECONCILED_SEED=$(date +%s)
  export RECONCILED_SEED
  echo "RECONCILED_SEED=$RECONCILED_SEED"
fi

# -O0 and lines alone of the debug information: compiling is most of the time here, with -O2 it
# takes twice as long.
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-g1 \
  -DRECONCILED_WERROR=ON -DRECONCILED_SANITIZE="$sanitize" \
  -DRECONCILED_BATCHES="$batches" -DRECONCILED_TEST_SECONDS="$seconds"

if [ "$tidy" = yes ]; then
  # The sources that are made at build time, migrations among them.
  ninja -C "$build" -j "$(nproc)" reconciled_storage
  # clang knows fewer warnings than the flags of GCC name.
  find daemon storage -name '*.cpp' -print0 |
    xargs -0 -P "$(nproc)" -n 1 clang-tidy-16 -p "$build" --quiet \
      --extra-arg=-Wno-unknown-warning-option
  echo "clang-tidy: nothing to say"
  exit 0
fi

ninja -C "$build" -j "$(nproc)"
export ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1"
export UBSAN_OPTIONS="print_stacktrace=1"
export TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp:second_deadlock_stack=1"
# Most tests wait for something; under a sanitizer they compute.
jobs=$((2 * $(nproc)))
[ -z "$sanitize" ] || jobs=$(nproc)
ctest --test-dir "$build" --output-on-failure -j "$jobs" ${label:+-L "$label"}
