#!/bin/sh
# The units in a real systemd: start, reload, and listeners that systemd holds.
#
# usage: boot.sh PROGRAM FOLDER   (the built `reconciled`, the folder with the units)
# Boots this machine's own file system, read-only below a layer in memory, in a container without a
# network, and runs boot_inside.sh there. Exit 77, left out, where that cannot be done.
set -eu

program=$(readlink -f "$1")
units=$(readlink -f "$2")
inside=$(dirname "$(readlink -f "$0")")/boot_inside.sh
patience=150

leave_out() { echo "left out: $1"; exit 77; }
[ "$(id -u)" = 0 ] || leave_out "not root"
command -v systemd-nspawn >/dev/null || leave_out "no systemd-nspawn (package systemd-container)"

# In a mount namespace of its own, so that nothing stays mounted whatever ends us.
if [ "${BOOT_NAMESPACE:-}" != yes ]; then
  unshare --mount true 2>/dev/null || leave_out "no mount namespaces"
  BOOT_NAMESPACE=yes exec unshare --mount --propagation private sh "$0" "$program" "$units"
fi

memory=$(mktemp -d)
root=$memory/root
trap 'umount --lazy "$root" "$memory" 2>/dev/null || true; rmdir "$memory"' EXIT
mount -t tmpfs boot "$memory" || leave_out "no tmpfs"
mkdir "$memory/upper" "$memory/work" "$root"
mount -t overlay -o "lowerdir=/,upperdir=$memory/upper,workdir=$memory/work" boot "$root" \
  2>/dev/null || leave_out "no overlay"

install -m 755 "$program" "$root/usr/bin/reconciled"
install -m 755 "$inside" "$root/boot_inside.sh"
for unit in "$units"/*.service "$units"/*.socket; do
  install -m 644 "$unit" "$root/usr/lib/systemd/system/"
done
install -m 644 "$units/reconciled.sysusers" "$root/usr/lib/sysusers.d/reconciled.conf"
cat >"$root/etc/systemd/system/boot-test.service" <<'EOF'
[Unit]
Description=What the test does
[Service]
Type=oneshot
ExecStart=/bin/sh /boot_inside.sh
StandardOutput=file:/boot.log
StandardError=inherit
ExecStopPost=/bin/systemctl --no-block poweroff
EOF
cat >"$root/etc/systemd/system/boot-test.target" <<'EOF'
[Unit]
Description=Just enough of a system
Requires=basic.target
After=basic.target
Wants=boot-test.service
EOF
rm -f "$root/boot.log" "$root/boot.passed"

status=0
timeout "$patience" systemd-nspawn -q -D "$root" --register=no --keep-unit --private-network \
  --console=read-only -b systemd.unit=boot-test.target >"$memory/console" 2>&1 || status=$?
[ -e "$root/boot.log" ] || { tail -n 5 "$memory/console"; leave_out "nothing boots here ($status)"; }
cat "$root/boot.log"
[ -e "$root/boot.passed" ] || { echo "failed"; exit 1; }
echo "the units do what the README says"
