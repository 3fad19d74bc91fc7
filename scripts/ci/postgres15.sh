#!/usr/bin/env bash
# Migrations and integration tests on the oldest PostgreSQL that is supported, as Debian bookworm ships it.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ ! -x /usr/lib/postgresql/15/bin/initdb ]; then
  apt-get update -q
  # Tells the packages to make and start no cluster of their own: the tests bring theirs.
  apt-get install -q -y --no-install-recommends postgresql-common
  sed -ri 's/^#?\s*create_main_cluster\s*=.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
  apt-get install -q -y --no-install-recommends postgresql-15
fi
npm run test:postgres15
