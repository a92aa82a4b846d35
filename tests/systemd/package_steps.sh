# shellcheck shell=sh
# boot_inside.sh's steps around the package: installed, upgraded, removed, purged.

application=1380142660 # "RCND": this program's databases
data=/var/lib/reconciled
wants=/etc/systemd/system/multi-user.target.wants

install_older() {
  must "install" dpkg -i older.deb portone-sandbox.deb
  grep -q 'reconciled init' /tmp/said || fault "who installs is not told what comes next"
  must_fail "a fresh install runs" systemctl is-active reconciled
  must_fail "a fresh install is enabled" systemctl is-enabled reconciled
  must "user and group" getent passwd reconciled
  [ "$(stat -c %a:%U /etc/reconciled/credentials)" = 700:root ] || fault "the secrets' folder is open"
}

# A program and a database of the version before; both stores run.
upgrade() {
  must "start of the older version" systemctl enable --now reconciled reconciled@shop
  runuser -u reconciled -- sqlite3 "$data/reconciled.db" \
    '.read 0001_initial.sql' 'PRAGMA user_version = 1' "PRAGMA application_id = $application" >/tmp/said 2>&1 || fault "no older database"
  must "upgrade" dpkg -i reconciled.deb
  must "the store runs after the upgrade" systemctl is-active reconciled
  must "the other store runs after the upgrade" systemctl is-active reconciled@shop
  told reconciled "0003_shop_backend"
  must_fail "the older program still runs" pgrep -f 'python3 /usr/bin/reconciled'
  [ "$(sqlite3 -readonly "$data/reconciled.db" 'PRAGMA user_version')" -ge 3 ] ||
    fault "the upgrade has not migrated"
}

listens() { curl --silent --output /dev/null "http://127.0.0.1:$1/"; }

remove_and_install_again() {
  must "an instance's sockets are enabled" systemctl is-enabled reconciled-webhook@shop.socket
  must "remove" dpkg -r reconciled
  must_fail "a service runs without its package" systemctl is-active reconciled
  must_fail "an instance runs without its package" systemctl is-active reconciled@shop
  must_fail "a socket listens without its package" listens 8801
  [ -e /etc/reconciled/credentials/portone_api_secret ] || fault "remove took the secrets"
  [ -e "$data/reconciled.db" ] || fault "remove took the payments"
  must "install again" dpkg -i reconciled.deb
  must "it is still enabled" systemctl is-enabled reconciled
  must "it starts again" systemctl start reconciled
  must "the payments are there" reconciled list
}

left_links() { find /etc/systemd/system /var/lib/systemd/deb-systemd-helper-* -name '*reconciled*' 2>/dev/null; }

purge() {
  must "purge" dpkg -P reconciled
  grep -q "RECONCILED_PURGE_DATA=1" /tmp/said || fault "a purge does not say how the payments go"
  [ ! -e /etc/reconciled ] || fault "a purge leaves $(find /etc/reconciled)"
  [ -z "$(left_links)" ] || fault "a purge leaves $(left_links)"
  [ -e "$data/reconciled.db" ] || fault "a purge took the payments"
  must "the payments' owner" getent passwd reconciled
  must "a third install" dpkg -i reconciled.deb
  must "a purge with the payments" env RECONCILED_PURGE_DATA=1 dpkg -P reconciled portone-sandbox
  [ ! -e "$data" ] || fault "the payments are still there"
  must_fail "the user is still there" getent passwd reconciled
  must_fail "the group is still there" getent group reconciled
  # Where packages and services put things; the sources may stand anywhere else.
  left=$(find /etc /run /usr /var -xdev -name '*reconciled*' -newer /boot-test/older.deb 2>/dev/null)
  [ -z "$left" ] || fault "a purge with the payments leaves $left"
}
