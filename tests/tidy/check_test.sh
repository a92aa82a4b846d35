#!/bin/sh
# Tries check.sh on made-up folders: what must be refused is, with its name, and the rest is not.
set -u
check=$(dirname "$(readlink -f "$0")")/check.sh
world=$(mktemp -d) || exit 2
trap 'rm -rf "$world"' EXIT
failures=0

# A small tree in which everything is as it should be.
fresh() {
  rm -rf "$world/tree"
  mkdir -p "$world/tree" && cd "$world/tree" || exit 2
  mkdir -p daemon/core/words daemon/core/messages daemon/http daemon/runtime daemon/portone \
    daemon/reconcile daemon/webhook daemon/commands storage/sqlite storage/units migrations \
    tests/tidy systemd
  touch README.md CMakeLists.txt .clang-format
  echo '#include "daemon/core/words/ids.h"' >daemon/core/words/ids.cpp
  printf '#include <asio/post.hpp>\n#include "daemon/core/words/ids.h"\n' >daemon/http/edge.cpp
  echo '#include "storage/records.h"' >daemon/portone/asker.h
  printf '#include "storage/reader.h"\n#include "daemon/http/edge.h"\n' >daemon/app.cpp
  echo '#include "daemon/commands/commands.h"' >daemon/main.cpp
  echo '#include <spdlog/spdlog.h>' >daemon/runtime/log.cpp
  printf '#include <sqlite3.h>\n#include "daemon/core/words/ids.h"\n' >storage/sqlite/sqlite_session.cpp
  printf '#include "storage/session.h"\n#include "storage/records.h"\n' >storage/units/accept.cpp
  mkdir -p storage/views
  printf '#include "storage/reader.h"\n#include "storage/units/units.h"\n' >storage/views/reader.cpp
  echo '#include "storage/sqlite/migrate.h"' >storage/store.cpp
  echo 'CREATE TABLE t (x);' >migrations/0001_initial.sql
  mkdir -p tests/core/words
  echo '#include "tests/support/raw_socket.h"' >tests/core/words/ids_test.cpp
  echo 'ids_test.cpp' >tests/core/words/CMakeLists.txt
}
passes() { # what
  "$check" "$world/tree" >"$world/out" 2>&1 && return
  echo "FAILED: $1 was refused:"
  cat "$world/out"
  failures=$((failures + 1))
}
refuses() { # file, line that makes it wrong
  fresh
  mkdir -p "$(dirname "$1")"
  echo "$2" >>"$1"
  if "$check" "$world/tree" >"$world/out" 2>&1 || ! grep -qE "$1|^${1%%/*} does not belong" "$world/out"; then
    echo "FAILED: $1 with $2 was not refused by name:"
    cat "$world/out"
    failures=$((failures + 1))
  fi
}

fresh
passes "a tidy tree"

refuses daemon/core/words/x.cpp '#include "daemon/http/edge.h"'
refuses daemon/core/words/x.cpp '#include "daemon/core/messages/webhook.h"'
refuses daemon/core/messages/x.cpp '#include "daemon/runtime/log.h"'
refuses daemon/core/words/x.h '#include "storage/records.h"'
refuses daemon/core/words/x.cpp '  #  include   "storage/records.h"'
refuses daemon/http/x.cpp '#include "storage/reader.h"'
refuses daemon/http/x.cpp '#include "daemon/runtime/metrics.h"'
refuses daemon/http/x.cpp '#include "daemon/portone/v1.h"'
refuses daemon/portone/x.cpp '#include "daemon/reconcile/reconciler.h"'
refuses daemon/portone/x.cpp '#include "storage/writer.h"'
refuses daemon/x.cpp '#include "daemon/commands/serve.h"'
refuses daemon/x.cpp '#include "storage/units/units.h"'
refuses daemon/runtime/x.cpp '#include "daemon/reconcile/reconciler.h"'
refuses daemon/reconcile/x.cpp '#include "daemon/webhook/webhook_listener.h"'
refuses daemon/admin/x.cpp '#include "daemon/reconcile/reconciler.h"'
refuses daemon/webhook/x.cpp '#include "daemon/redirect/redirect_listener.h"'
refuses daemon/attic/x.cpp '#include "daemon/core/words/ids.h"'
refuses daemon/x.cpp '#include "storage/sqlite/sqlite_session.h"'
refuses daemon/x.cpp '#include "storage/sqlite/migrate.h"'
refuses daemon/commands/x.cpp '#include "storage/sqlite/database_lock.h"'
refuses daemon/x.cpp '#include "storage/views/read_rows.h"'
refuses daemon/x.cpp '#include "storage/session.h"'
refuses daemon/x.cpp '#include "storage/engine.h"'
refuses daemon/x.cpp '#include "storage/writer_impl.h"'
refuses daemon/x.cpp '#include "tests/support/raw_socket.h"'
refuses daemon/x.cpp '#include "clock.h"'
refuses storage/x.cpp '#include "daemon/http/exchange.h"'
refuses storage/x.cpp '#include "daemon/runtime/clock.h"'
refuses storage/writer.cpp '#include "storage/sqlite/sqlite_session.h"'
refuses storage/units/x.cpp '#include "storage/sqlite/sqlite_session.h"'
refuses storage/units/x.cpp '#include "storage/writer.h"'
refuses storage/units/x.cpp '#include "storage/views/read_rows.h"'
refuses storage/views/x.cpp '#include "storage/engine.h"'
refuses storage/sqlite/x.cpp '#include "storage/units/units.h"'
refuses storage/units/x.cpp 'exec("PRAGMA user_version");'
refuses storage/views/x.cpp 'sqlite3_step(statement);'

refuses daemon/x.cpp '#include <sqlite3.h>'
refuses daemon/x.cpp '#include <SQLiteCpp/Database.h>'
refuses daemon/x.cpp '#include <httplib.h>'
refuses storage/x.cpp '#include <sqlite3.h>'
refuses storage/x.cpp '#include <asio/io_context.hpp>'
refuses daemon/x.cpp '#include <spdlog/spdlog.h>'
refuses daemon/x.cpp '#include <CLI/CLI.hpp>'
refuses daemon/x.h '#include <nlohmann/json.hpp>'
refuses daemon/x.cpp '#include <doctest/doctest.h>'

refuses notes.txt 'a stray'
refuses vendor/x.cpp 'int x;'

refuses tests/core/forgotten_test.cpp 'int x;'

refuses tests/README.md '| a fact | `core: no such test` |'

fresh
seq 400 | sed 's|^|// |' >storage/long.cpp
passes "a source of 400 lines"
refuses storage/long.cpp "$(seq 401 | sed 's|^|// |')"

fresh
sha256sum migrations/0001_initial.sql >tests/tidy/migrations.sha256
passes "a released migration as it was"
echo '-- a word more' >>migrations/0001_initial.sql
if "$check" "$world/tree" >"$world/out" 2>&1 || ! grep -q 'migrations/0001_initial.sql' "$world/out"; then
  echo "FAILED: a changed released migration was not refused"
  failures=$((failures + 1))
fi
rm migrations/0001_initial.sql
if "$check" "$world/tree" >"$world/out" 2>&1; then
  echo "FAILED: a released migration that is gone was not refused"
  failures=$((failures + 1))
fi

[ "$failures" -eq 0 ]
