#!/usr/bin/env bash
# Every overlay, and the one for production with all components in it, is rendered by Kustomize and its manifests are checked strictly;
# those with slips of the pen must be refused.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/rendered" "$work/refused"

# Everything that the example names as a comment, below its own folder's name.
cp -r deploy/kubernetes "$work/whole"
mv "$work/whole/overlays/production" "$work/whole/overlays/complete"
sed -Ei 's|^( +)# - (\.\./)|\1- \2|' "$work/whole/overlays/complete/kustomization.yaml"
for component in "$work"/whole/components/* "$work/whole/backup"; do
  grep -q -- "^  - \.\./\.\./${component#"$work/whole/"}$" "$work/whole/overlays/complete/kustomization.yaml" ||
    { echo "The production overlay does not name ${component#"$work/whole/"}." >&2; exit 1; }
done

# The control: what is refused by name here would be dropped silently by the cluster.
slips=$work/slips
cp -r "$work/whole" "$slips"
sed -i 's/readOnlyRootFilesystem:/readOnlyRootFileSystem:/' "$slips/base/deployment.yaml" "$slips/backup/backup.yaml"
sed -i 's/minReplicas: 2/minReplicas: two/' "$slips/base/autoscaler.yaml"
sed -i 's/interval: 30s/intervall: 30s/' "$slips/components/service-monitor/service-monitor.yaml"
sed -i 's/runAsNonRoot: true/runAsNonRoot: false/' "$slips/backup/dump.yaml"
sed -i 's/^  accessModes:/  bogusField: 1\n&/' "$slips/backup/storage.yaml"
# The database's address would take the place of all that the backups' policy lets out.
sed -i "s/name: 'stockroom(-migration)?'/name: stockroom.*/" "$slips/overlays/complete/kustomization.yaml"
mv "$slips/overlays/complete" "$slips/overlays/slips"

bash scripts/ci/render-manifests.sh "$work/rendered" deploy/kubernetes/overlays/* "$work/whole/overlays/complete" "$slips/overlays/slips"
mv "$work/rendered/slips.yaml" "$work/refused/"

validate() { node_modules/.bin/node --import @swc-node/register/esm-register scripts/kubernetes/validate.ts "$@"; }
validate "$work"/rendered/*.yaml
for port in 6432 4317 4318; do
  grep -q "port: $port$" "$work/rendered/complete.yaml" || { echo "No policy lets out port $port." >&2; exit 1; }
done
if refused=$(validate "$work/refused/slips.yaml" 2>&1); then
  echo 'Manifests with slips of the pen were let through.' >&2
  exit 1
fi
for told in '"readOnlyRootFileSystem"' \
  "HorizontalPodAutoscaler stockroom: Type 'string'" '"intervall"' \
  'CronJob stockroom-backup-full: pgbackrest.securityContext.readOnlyRootFilesystem is not true' \
  'CronJob stockroom-dump: securityContext.runAsNonRoot is not true' '"bogusField"' \
  'NetworkPolicy stockroom-backup: port 8432 is needed' 'NetworkPolicy stockroom-backup: port 443 is needed'; do
  grep -qF -- "$told" <<< "$refused" || { printf '%s\nNot told: %s\n' "$refused" "$told" >&2; exit 1; }
done
