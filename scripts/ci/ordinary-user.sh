#!/usr/bin/env bash
# The two commands of the README as a user without any rights would type them, in a clone of their own.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ "$(id -u)" -ne 0 ]; then
  echo 'Not root: the first start before this one was that of an ordinary user already.'
  exit 0
fi
user=stockroom-ci
id "$user" > /dev/null 2>&1 || useradd --create-home --shell /bin/bash "$user"
home=$(getent passwd "$user" | cut -d: -f6)
clone=$home/clone
rm -rf "$clone"
trap 'rm -rf "$clone"' EXIT
# Cloned by root and given away: git refuses to read a repository that belongs to somebody else.
git clone --quiet --no-hardlinks . "$clone"
chown -R "$user:" "$clone"

as_user() {
  (cd "$clone" && setpriv --reuid "$user" --regid "$user" --init-groups \
    env -i HOME="$home" USER="$user" PATH="$PATH" LANG="${LANG:-C.UTF-8}" CI=true "$@")
}
as_user npm ci --no-audit --no-fund
as_user node scripts/ci/first-start.mjs
