#!/usr/bin/env bash
# Installs what the restore drill needs, where it may, and runs it: npm run drill:restore [-- --quick]
set -euo pipefail
cd "$(dirname "$0")/../../.."

needed=(/usr/lib/postgresql/15/bin/pg_amcheck /usr/bin/pgbackrest /usr/bin/jq)
missing=()
for program in "${needed[@]}"; do [ -x "$program" ] || missing+=("$program"); done
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "The drill needs ${missing[*]}: install postgresql-15, pgbackrest and jq, as root on Debian 12." >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  # Tells the packages to make and start no cluster of their own: the drill brings its own.
  apt-get install -q -y --no-install-recommends postgresql-common
  sed -ri 's/^#?\s*create_main_cluster\s*=.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
  apt-get install -q -y --no-install-recommends postgresql-15 pgbackrest jq
fi
exec node --import @swc-node/register/esm-register test/drills/restore/main.ts "$@"
