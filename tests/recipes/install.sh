#!/bin/sh
# Makes the recipes ready to run in FOLDER: a folder a language, and in node what npm brings.
#
# usage: install.sh FOLDER   exit 1 where npm cannot
#
# What Debian and npm do not have is used where it stands there already: `standardwebhooks` for
# python3, and FOLDER/php/vendor (composer require standard-webhooks/standard-webhooks).
set -eu
source=$(dirname "$0")
folder=$1

for language in node python php; do
  mkdir -p "$folder/$language"
  cp "$source/$language"/*.* "$source/checkout.html" "$folder/$language/"
done
sh "$source/../support/npm_install.sh" "$source/node" "$folder/node"
cp "$source/send.js" "$folder/node/"
