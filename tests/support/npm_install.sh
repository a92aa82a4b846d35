#!/bin/sh
# Makes the Express handler ready to run in FOLDER, unless it is there already.
#
# usage: install.sh FOLDER   FOLDER/ready is there when it can run; else one line says why not
#
# better-sqlite3 is compiled against the headers of the Node that is installed, where it has some.
set -eu
source=$(dirname "$0")
folder=$1

[ ! -e "$folder/ready" ] || ! cmp -s "$source/package.json" "$folder/package.json" || {
  cp "$source/app.js" "$folder/"
  exit 0
}
command -v npm >/dev/null || { echo "no npm: Express is not measured"; exit 0; }
mkdir -p "$folder"
rm -rf "$folder/ready" "$folder/node_modules"
cp "$source/package.json" "$source/app.js" "$folder/"
[ ! -d /usr/include/node ] || export npm_config_nodedir=/usr
if (cd "$folder" && npm install --no-audit --no-fund --no-package-lock --loglevel=error &&
    node -e 'new (require("better-sqlite3"))(":memory:")') >"$folder/install.log" 2>&1; then
  touch "$folder/ready"
else
  echo "npm cannot install better-sqlite3 ($folder/install.log): Express is not measured"
fi
