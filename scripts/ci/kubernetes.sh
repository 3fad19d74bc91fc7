#!/usr/bin/env bash
# Every overlay is rendered by Kustomize and its manifests are checked strictly; one with slips of the pen must be refused.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/rendered" "$work/control"

# The control: what is refused by name here would be dropped silently by the cluster.
cp -r deploy/kubernetes/. "$work/control"
sed -i 's/readOnlyRootFilesystem:/readOnlyRootFileSystem:/' "$work/control/base/deployment.yaml"
sed -i 's/minReplicas: 2/minReplicas: two/' "$work/control/base/autoscaler.yaml"
sed -i 's/interval: 30s/intervall: 30s/' "$work/control/components/service-monitor/service-monitor.yaml"
mv "$work/control/overlays/production" "$work/control/overlays/slips"

bash scripts/ci/render-manifests.sh "$work/rendered" deploy/kubernetes/overlays/* "$work/control/overlays/slips"
mv "$work/rendered/slips.yaml" "$work/slips.yaml"

validate() { node_modules/.bin/node --import @swc-node/register/esm-register scripts/kubernetes/validate.ts "$@"; }
validate "$work"/rendered/*.yaml
if refused=$(validate "$work/slips.yaml" 2>&1); then
  echo 'Manifests with slips of the pen were let through.' >&2
  exit 1
fi
for told in '"readOnlyRootFileSystem"' "HorizontalPodAutoscaler stockroom: Type 'string'" '"intervall"'; do
  grep -qF "$told" <<< "$refused" || { printf '%s\nNot told: %s\n' "$refused" "$told" >&2; exit 1; }
done
