#!/usr/bin/env bash
# The previous release must go on working while this one rolls out: its end-to-end suite runs on the schema of this one.
# Its sources and its tests are as they were released; our migrations are added to its own.
# Arguments go to its test runner: a part of its name runs one file.
set -euo pipefail
cd "$(dirname "$0")/../.."

# The newest release that is no part of what is checked out here alone: a release is not compared with itself.
previous=$(git describe --tags --abbrev=0 --match 'v[0-9]*' HEAD^ 2> /dev/null || true)
if [ -z "$previous" ]; then
  echo 'There is no previous release (no tag v… before this commit): nothing to compare with.'
  exit 0
fi
echo "The suite of $previous on the schema of $(git rev-parse --short HEAD)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone --quiet --no-hardlinks --branch "$previous" . "$work/release" 2> /dev/null
cd "$work/release"

# A migration that was released must not have changed: databases that have it would never get the change.
git -C "$OLDPWD" archive HEAD migrations | tar -x -C "$work"
for file in migrations/[0-9]*.ts; do
  if [ ! -e "$work/$file" ]; then
    echo "$file was released with $previous and is gone." >&2
    exit 1
  fi
  if ! cmp -s "$file" "$work/$file"; then
    echo "$file was released with $previous and has changed since. Undo that, and write a new migration." >&2
    exit 1
  fi
done
cp "$work"/migrations/[0-9]*.ts migrations/
# What our migrations import of our sources, beyond what the release has.
git -C "$OLDPWD" archive HEAD src | tar -x -C "$work"
{ grep -hoE "from '\.\./src/[^']+\.js'" migrations/[0-9]*.ts || true; } | sed -E "s/from '\.\.\/(.*)\.js'/\1.ts/" | sort -u |
  while read -r source; do
    [ -e "$source" ] || { mkdir -p "$(dirname "$source")" && cp "$work/$source" "$source"; }
  done

npm ci --no-audit --no-fund
if ! npm run test:e2e -- "$@"; then
  echo "The suite of $previous fails on this schema: a service of that release would fail beside this one." >&2
  exit 1
fi
