#!/usr/bin/env bash
# Bring a machine what the tests need beside Python and Node: as root on Debian it installs them,
# elsewhere it names what is missing and which tests will therefore be skipped.
set -euo pipefail

missing=()
need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
need chromium chromium
need curl curl
fc-list :lang=zh 2>/dev/null | grep -q . || missing+=(fonts-noto-cjk fontconfig)
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
if [ "$(uname)" = Linux ]; then # what the fault tests break: networks, disks, clocks
  PATH=$PATH:/usr/sbin:/sbin
  need ip iproute2
  need mkfs.ext4 e2fsprogs
  need faketime faketime
fi

[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" = 0 ] && [ -r /etc/debian_version ] && command -v apt-get >/dev/null; then
  echo "Installing with apt-get: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # A server that a package starts by itself is not wanted: the tests start their own, on loopback.
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
  echo "Not installed here (needs root on Debian): ${missing[*]}"
  echo "  chromium, fonts-noto-cjk  -> tests marked 'browser' are skipped"
  echo "  postgresql                -> tests marked 'postgres' are skipped"
  echo "  iproute2, e2fsprogs, faketime -> tests of pulled cables, full disks and wrong clocks are skipped"
fi
