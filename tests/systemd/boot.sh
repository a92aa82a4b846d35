#!/bin/sh
# The package in a real systemd: installing, upgrading, running, removing.
#
# usage: boot.sh PACKAGES MIGRATIONS   (the folder with the built packages; the folder of the schema)
# Boots this machine's own file system, read-only below a layer in memory, in a container without a
# network, and runs boot_inside.sh there. Exit 77, left out, where that cannot be done.
set -eu

packages=$(readlink -f "$1")
migrations=$(readlink -f "$2")
here=$(dirname "$(readlink -f "$0")")
patience=150

leave_out() { echo "left out: $1"; exit 77; }
[ "$(id -u)" = 0 ] || leave_out "not root"
command -v systemd-nspawn >/dev/null || leave_out "no systemd-nspawn (package systemd-container)"

# In a mount namespace of its own, so that nothing stays mounted whatever ends us.
if [ "${BOOT_NAMESPACE:-}" != yes ]; then
  unshare --mount true 2>/dev/null || leave_out "no mount namespaces"
  BOOT_NAMESPACE=yes exec unshare --mount --propagation private sh "$0" "$packages" "$migrations"
fi

memory=$(mktemp -d)
root=$memory/root
trap 'umount --lazy "$root" "$memory" 2>/dev/null || true; rmdir "$memory"' EXIT
mount -t tmpfs boot "$memory" || leave_out "no tmpfs"
mkdir "$memory/upper" "$memory/work" "$root"
mount -t overlay -o "lowerdir=/,upperdir=$memory/upper,workdir=$memory/work" boot "$root" \
  2>/dev/null || leave_out "no overlay"

rm -f "$root/usr/sbin/policy-rc.d" # this machine's may forbid starting anything
test_root=$root/boot-test
mkdir "$test_root"
cp "$here"/*.sh "$here"/*.py "$test_root/"
cp "$packages"/reconciled_*.deb "$test_root/reconciled.deb"
cp "$packages"/portone-sandbox_*.deb "$test_root/portone-sandbox.deb"
cp "$migrations/0001_initial.sql" "$test_root/"
# The version before: another number, and a program that only stands there.
older=$memory/older
dpkg-deb --raw-extract "$test_root/reconciled.deb" "$older"
sed -i 's/^Version: .*/Version: 0.0.1/' "$older/DEBIAN/control"
install -m 755 "$here/older_program.py" "$older/usr/bin/reconciled"
dpkg-deb --build -Znone "$older" "$test_root/older.deb" >/dev/null

cat >"$root/etc/systemd/system/boot-test.service" <<'END'
[Unit]
Description=What the test does
[Service]
Type=oneshot
ExecStart=/bin/sh /boot-test/boot_inside.sh
StandardOutput=file:/boot.log
StandardError=inherit
ExecStopPost=/bin/systemctl --no-block poweroff
END
cat >"$root/etc/systemd/system/boot-test.target" <<'END'
[Unit]
Description=Just enough of a system
Requires=basic.target
After=basic.target
Wants=boot-test.service
END
rm -f "$root/boot.log" "$root/boot.passed"

status=0
timeout "$patience" systemd-nspawn -q -D "$root" --register=no --keep-unit --private-network \
  --console=read-only -b systemd.unit=boot-test.target >"$memory/console" 2>&1 || status=$?
[ -e "$root/boot.log" ] || { tail -n 5 "$memory/console"; leave_out "nothing boots here ($status)"; }
cat "$root/boot.log"
[ -e "$root/boot.passed" ] || { echo "failed"; exit 1; }
echo "the package does what the README says"
