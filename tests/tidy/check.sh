#!/bin/sh
# tidy FOLDER: refuses what the house rules forbid and no compiler sees. A line a fault; exit 1.
#
# Arrows between folders run one way (each folder's row in `allowed`); libraries stay at their
# `home`; the top level holds what the list says; sources have 400 lines at most; every test is
# built, and tests/README.md names tests that are; a migration that tests/tidy/migrations.sha256 names was released and never changes again.
set -u
cd "$1" || exit 2
faults=$(mktemp) || exit 2
trap 'rm -f "$faults"' EXIT

fault() { echo "$*" >>"$faults"; }

# What git knows, or, where there is no git (a source package), what is there.
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
  listed() { git ls-files --cached; }
else
  listed() { find . -type f ! -path './build/*' | sed 's|^\./||'; }
fi
sources=$(listed | grep -E '^(daemon|storage|tests)/.*\.(h|cpp)$')

folder_of() {
  case $1 in
    daemon/core/*/* | daemon/*/* | storage/*/*) echo "${1%/*}" ;;
    *) echo "${1%%/*}" ;;
  esac
}

# Folders that a folder's sources may include from, its own aside.
evidence="daemon/core/words daemon/core/messages daemon/core/decision daemon/core/books"
core="$evidence daemon/core/config"
listener="daemon/http daemon/runtime storage $core"
allowed() {
  case $1 in
    daemon/core/words) ;;
    daemon/core/messages) echo "daemon/core/words" ;;
    daemon/core/decision) echo "daemon/core/messages daemon/core/words" ;;
    daemon/core/books) echo "daemon/core/messages daemon/core/words" ;;
    daemon/core/config) echo "daemon/core/messages daemon/core/words" ;;
    storage) echo "storage/sqlite storage/units storage/views $evidence" ;;
    storage/units) echo "storage $evidence" ;;
    storage/views) echo "storage storage/units $evidence" ;;
    storage/sqlite) echo "storage daemon/core/words" ;;
    daemon/http) echo "daemon/core/words" ;;
    daemon/runtime) echo "storage $core" ;;
    daemon/portone) echo "daemon/http daemon/runtime storage $core" ;;
    daemon/reconcile | daemon/preregister) echo "daemon/portone daemon/runtime storage $core" ;;
    daemon/views) echo "storage $core" ;;
    daemon/notify) echo "daemon/http daemon/runtime daemon/views storage $core" ;;
    daemon/alert) echo "daemon/http daemon/runtime storage $core" ;;
    daemon/books) echo "daemon/admin daemon/portone daemon/views $listener" ;;
    daemon/upkeep) echo "daemon/admin daemon/views $listener" ;;
    daemon/pages) echo "daemon/http daemon/runtime $core" ;;
    daemon/alert) echo "daemon/http daemon/runtime storage $core" ;;
    daemon/books) echo "daemon/admin daemon/portone daemon/views $listener" ;;
    daemon/webhook) echo "$listener" ;;
    daemon/redirect) echo "daemon/pages $listener" ;;
    daemon/admin) echo "daemon/views $listener" ;;
    daemon/dashboard) echo "daemon/pages $listener" ;;
    daemon) echo "$listener daemon/webhook daemon/redirect daemon/admin daemon/dashboard daemon/notify daemon/alert daemon/portone daemon/reconcile daemon/preregister daemon/books daemon/upkeep daemon/views" ;;
    daemon/commands) echo "daemon daemon/alert daemon/http daemon/portone daemon/runtime daemon/admin daemon/views storage $core" ;;
    *) fault "$1 is a folder that tests/tidy/check.sh does not know" ;;
  esac
}

check_project_include() { # file, folder, included
  into=$(folder_of "$3")
  case " $2 $(allowed "$2") " in
    *" $into "*) ;;
    *)
      # The program itself is the only one that knows its commands.
      [ "$1" = daemon/main.cpp ] && [ "$into" = daemon/commands ] && return
      fault "$1 includes $3: $2 knows nothing of $into"
      return
      ;;
  esac
  case $2:$3 in
    *:daemon/*) ;;
    storage/units:storage/session.h | storage/units:storage/*records.h | storage/units:storage/units/*) ;;
    storage/views:storage/session.h | storage/views:storage/*records.h | storage/views:storage/reader.h) ;;
    storage/views:storage/story.h) ;;
    storage/views:storage/units/* | storage/views:storage/views/*) ;;
    storage/units:* | storage/views:*)
      fault "$1 includes $3: units and views know a session and records" ;;
    storage:storage/sqlite/*)
      case $1 in
        storage/engine.cpp | storage/store.cpp) ;;
        *) fault "$1 includes $3: only what opens an engine names one" ;;
      esac
      ;;
    storage*:*) ;;
    daemon/portone:storage/records.h) ;;
    daemon/portone:*) fault "$1 includes $3: PortOne's client knows only the store's words" ;;
    *:storage/store.h | *:storage/*records.h | *:storage/reader.h | *:storage/writer.h) ;;
    *:storage/rebuild.h | *:storage/story.h | *:storage/file_check.h) ;;
    *) fault "$1 includes $3, which is private to storage" ;;
  esac
}

# Libraries with one home.
check_library_include() { # file, folder, included
  case $3 in
    SQLiteCpp/* | sqlite3.h) home='storage/sqlite/*|tests/storage/*|tests/e2e/*|tests/bench/*|tests/simulator/*' ;;
    httplib.h) home='daemon/http/*|tests/*' ;;
    asio.hpp | asio/*) home='daemon/http/*|tests/*' ;;
    curl/*) home='daemon/http/client*' ;;
    spdlog/*) home='daemon/runtime/log.cpp' ;;
    prometheus/*) home='daemon/runtime/metrics.cpp|daemon/runtime/metrics.h' ;;
    toml.hpp | toml++/*) home='daemon/core/config/*' ;;
    CLI/*) home='daemon/main.cpp|daemon/commands/*|tests/*' ;;
    doctest/*) home='tests/*' ;;
    nlohmann/json.hpp)
      case $1 in daemon/*.h | storage/*.h) fault "$1 includes $3: headers take json_fwd.hpp" ;; esac
      return
      ;;
    *) return ;;
  esac
  matches=no
  old_ifs=$IFS
  IFS='|'
  set -f
  for pattern in $home; do
    # shellcheck disable=SC2254
    case $1 in $pattern) matches=yes ;; esac
  done
  set +f
  IFS=$old_ifs
  [ $matches = yes ] || fault "$1 includes $3, which belongs to $home"
}

includes=$(echo "$sources" | xargs grep -snE '^[[:space:]]*#[[:space:]]*include' /dev/null |
  sed -nE 's/^([^:]+):[0-9]+:[^"<]*(["<])([^">]+)[">].*/\1 \2 \3/p')
while read -r file quote included; do
  [ -n "$file" ] || continue
  folder=$(folder_of "$file")
  check_library_include "$file" "$folder" "$included"
  [ "$folder" = tests ] && continue
  case $included in tests/*) fault "$file includes $included: a test's" ;; esac
  case $quote:$included in
    '":daemon/'* | '":storage/'*) check_project_include "$file" "$folder" "$included" ;;
    '":'*) fault "$file includes $included: say from which folder" ;;
  esac
done <<END
$includes
END

# What runs on every engine names none.
engines='SQLite::|sqlite|PRAGMA|INDEXED BY|last_insert_rowid|SAVEPOINT|BEGIN IMMEDIATE|[Pp]ostgre'
for file in $(echo "$sources" | grep -E '^storage/(units|views)/'); do
  named=$(grep -snE "$engines" "$file") && fault "$file names an engine: $named"
done

for entry in $(listed | sed 's|/.*||' | sort -u); do
  case $entry in
    CMakeLists.txt | README.md | daemon | storage | migrations | tests | systemd | .*) ;;
    *) fault "$entry does not belong at the top level" ;;
  esac
done

for file in $sources; do
  [ -f "$file" ] || continue
  lines=$(wc -l <"$file")
  [ "$lines" -le 400 ] || fault "$file has $lines lines, more than 400"
done

# A test that is not built cannot fail.
for file in $(echo "$sources" | grep '^tests/.*/.*_test\.cpp$'); do
  grep -qsw "$(basename "$file")" "$(dirname "$file")/CMakeLists.txt" ||
    fault "$file is not built: its folder's CMakeLists.txt does not name it"
done

# Each test that tests/README.md names in the table's last column is one.
if [ -f tests/README.md ]; then
  named=$(sed -n 's/^| .* | \(`.*`\) |$/\1/p' tests/README.md | grep -o '`[^`]*`' | tr -d '`')
  while read -r name; do
    [ -n "$name" ] || continue
    echo "$sources" | xargs grep -qsF "TEST_CASE(\"$name\"" ||
      fault "tests/README.md names a test that is none: $name"
  done <<END
$named
END
fi

if [ -f tests/tidy/migrations.sha256 ]; then
  sums=$(sha256sum --check tests/tidy/migrations.sha256 2>&1) ||
    echo "$sums" | grep -v ': OK$' | sed 's/^/a released migration has changed: /' >>"$faults"
fi

cat "$faults"
[ ! -s "$faults" ]
