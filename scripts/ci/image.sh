#!/usr/bin/env bash
# The steps of the Dockerfile without Docker: build from what .dockerignore lets through, install what runs, prune it, list it, and start
# it, last as the manifests for Kubernetes do. Proves that nothing is missing at run time, that nothing is there which nobody allowed, and
# that a bare start is refused with the line that mends it.
set -euo pipefail
cd "$(dirname "$0")/../.."

image=$(mktemp -d)
trap 'rm -rf "$image"' EXIT
chmod 755 "$image"
builder=$image/builder dependencies=$image/dependencies runtime=$image/runtime
mkdir -p "$builder" "$dependencies" "$runtime" "$image/manifests"
mapfile -t context < <(sed -n 's/^!//p' .dockerignore)
cp -r --parents "${context[@]}" "$builder"
find "$builder" -name '*.spec.ts' -delete

(cd "$builder" && npm ci --no-audit --no-fund && npm run build)
cp -r --parents package.json package-lock.json scripts/image "$dependencies"
(cd "$dependencies" && npm ci --omit=dev --no-audit --no-fund && sh scripts/image/prune.sh && node scripts/image/sbom.mjs)
cp package.json "$runtime"
cp -r "$dependencies/node_modules" "$dependencies/sbom.cdx.json" "$builder/dist" "$runtime"
du -sh "$runtime/node_modules" "$runtime/dist"

# The image brings a Node of its own; here it is the one that the project pins.
node=$builder/node_modules/.bin/node
"$node" scripts/image/check-files.mjs "$runtime" package-lock.json
"$node" scripts/ci/validate-sbom.mjs "$runtime/sbom.cdx.json"

# The control: what must not come along is told, each by its name.
strays=(.env dist/src/main.spec.js dist/src/server.key node_modules/jest/package.json node_modules/pg/test/secrets.js src/main.ts)
for stray in "${strays[@]}"; do
  mkdir -p "$image/strays/$(dirname "$stray")"
  touch "$image/strays/$stray"
done
told=$("$node" scripts/image/check-files.mjs "$image/strays" package-lock.json 2>&1) && status=0 || status=$?
for stray in "${strays[@]}"; do
  stray=${stray%/package.json}
  if [ "$status" -eq 0 ] || ! grep -qF "$stray is " <<< "$told"; then
    printf '%s\n%s was let into the image.\n' "$told" "$stray" >&2
    exit 1
  fi
done

refused() {
  local expected=$1 output status=0
  shift
  output=$(cd "$runtime" && timeout 60 env -i PATH=/usr/bin:/bin HOST=0.0.0.0 STOCKROOM_DATA_DIR="$image/data" "$@" 2>&1) || status=$?
  printf '%s\n(exit status %s)\n' "$output" "$status"
  [ "$status" -ne 0 ] && [ "$status" -ne 124 ] && grep -q "$expected" <<< "$output"
}
refused DATABASE_URL "$node" dist/src/main.js
(cd "$runtime" && env -i PATH=/usr/bin:/bin "$node" dist/src/cli/main.js --help)

if [ "$(id -u)" -ne 0 ]; then
  echo 'Only root can run it behind a root of its own, as a container does; that part is left out.'
  exit 0
fi
bash scripts/ci/render-manifests.sh "$image/manifests" deploy/kubernetes/overlays/production
node_modules/.bin/node --import @swc-node/register/esm-register scripts/kubernetes/run-pods.ts "$runtime" "$image/manifests/production.yaml"
