#!/bin/sh
# The benchmark: builds with optimisation, measures in alternating rounds, prints a table of medians.
#
# usage: sh tests/bench/run.sh [--rounds N] [--seconds S] [--only TEXT] [--full] [--minutes M]
#   --only  only the measurements whose name contains TEXT, and what they are compared with
#   --full  the long ones too: idle connections, millions of payments, a backlog at the start, and
#           steady load for M minutes (60)
#
# Takes minutes, and the machine for itself. The figures of every round stay in build/bench/bench.json.
set -eu
cd "$(dirname "$0")/../.."

# shellcheck source=daemon/packages.sh
. daemon/packages.sh
# shellcheck disable=SC2086  # a list of words
install_missing $build_packages

cmake -S . -B build/bench -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
ninja -C build/bench -j "$(nproc)" --quiet bench
sh tests/support/npm_install.sh tests/bench/express build/bench/express ||
  echo "npm cannot install Express: it is not measured"
exec build/bench/tests/bench/bench --json build/bench/bench.json "$@"
