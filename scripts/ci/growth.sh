#!/usr/bin/env bash
# A streaming replica, a transaction pooler and a clock that jumps, with PostgreSQL 15, PgBouncer 1.18 and libfaketime of Debian bookworm.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ ! -x /usr/lib/postgresql/15/bin/pg_basebackup ] || [ ! -x /usr/sbin/pgbouncer ] || ! command -v faketime > /dev/null; then
  apt-get update -q
  # Tells the packages to make and start no cluster of their own: the tests bring theirs.
  apt-get install -q -y --no-install-recommends postgresql-common
  sed -ri 's/^#?\s*create_main_cluster\s*=.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
  apt-get install -q -y --no-install-recommends postgresql-15 pgbouncer faketime
fi
npm run test:integration -- '/test/faults/(replica|pgbouncer|clock)'
