# What building needs from Debian 12 or 13, and how the two scripts install it.
#
# Sourced by daemon/quickstart.sh and tests/run.sh; POSIX sh.

# shellcheck disable=SC2034  # for who sources this
build_packages="ca-certificates cmake curl doctest-dev g++ libasio-dev libcli11-dev
  libcpp-httplib-dev libcurl4-openssl-dev libspdlog-dev libsqlite3-dev libsqlitecpp-dev libssl-dev
  libtomlplusplus-dev
  ninja-build nlohmann-json3-dev pkg-config prometheus-cpp-dev sqlite3 tzdata"

# install_missing PACKAGE…: installs those that are not there; asks nothing, says one line.
install_missing() {
  missing=
  for package in "$@"; do
    case $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) in
      installed) ;;
      *) missing="$missing $package" ;;
    esac
  done
  [ -n "$missing" ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "This needs Debian 12 or 13 (apt-get) or these packages of it:$missing" >&2
    return 1
  fi
  as_root=
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "Run this as root or install first: apt-get install --no-install-recommends$missing" >&2
      return 1
    }
    as_root=sudo
  fi
  echo "Installing with apt:$missing"
  # shellcheck disable=SC2086  # lists of words
  said=$({
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $missing
  } 2>&1) || { printf '%s\n' "$said" >&2; return 1; }
}
