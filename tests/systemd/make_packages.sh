#!/bin/sh
# Packs what BUILD has built into FOLDER; shows what cpack says where it fails.
#
# usage: make_packages.sh BUILD FOLDER CPACK
set -eu
rm -rf "$2"
mkdir -p "$2"
"$3" --config "$1/CPackConfig.cmake" -B "$2" >"$2/said" 2>&1 || { cat "$2/said"; exit 1; }
rm -rf "$2/_CPack_Packages"
ls -l "$2"/*.deb
