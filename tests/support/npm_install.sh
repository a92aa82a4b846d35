#!/bin/sh
# Copies the scripts of SOURCE to FOLDER and installs what its package.json pins, unless that is there.
#
# usage: npm_install.sh SOURCE FOLDER   exit 1 where npm cannot, and FOLDER/ready is missing then
#
# What has to be compiled takes the headers of the Node that is installed, where it has some.
set -eu
source=$1
folder=$2

mkdir -p "$folder"
cmp -s "$source/package.json" "$folder/package.json" || rm -f "$folder/ready"
cp "$source"/*.js "$source"/*.json "$folder/"
[ ! -e "$folder/ready" ] || exit 0
command -v npm >/dev/null || { echo "There is no npm."; exit 1; }
rm -rf "$folder/node_modules"
[ ! -d /usr/include/node ] || export npm_config_nodedir=/usr
if ! (cd "$folder" && npm install --no-audit --no-fund --no-package-lock --loglevel=error) \
    >"$folder/install.log" 2>&1; then
  cat "$folder/install.log"
  exit 1
fi
touch "$folder/ready"
