#!/usr/bin/env bash
# A streaming replica and a transaction pooler, with the PostgreSQL 15 and the PgBouncer 1.18 that Debian bookworm ships.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ ! -x /usr/lib/postgresql/15/bin/pg_basebackup ] || [ ! -x /usr/sbin/pgbouncer ]; then
  apt-get update -q
  # Tells the packages to make and start no cluster of their own: the tests bring theirs.
  apt-get install -q -y --no-install-recommends postgresql-common
  sed -ri 's/^#?\s*create_main_cluster\s*=.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
  apt-get install -q -y --no-install-recommends postgresql-15 pgbouncer
fi
npm run test:integration -- '/test/faults/(replica|pgbouncer)'
