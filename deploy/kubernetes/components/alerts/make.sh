#!/usr/bin/env bash
# Makes alerts.yaml of this folder from the rules for Prometheus; a test compares the two.
set -euo pipefail
cd "$(dirname "$0")"
cat > alerts.yaml << 'HEAD'
# Needs the Prometheus operator. Made from deploy/monitoring/alerts.yaml by make.sh: change it there.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: stockroom
  labels:
    app.kubernetes.io/name: stockroom
    app.kubernetes.io/component: service
spec:
HEAD
sed -n '/^groups:/,$p' ../../../monitoring/alerts.yaml | sed -E 's/^(.)/  \1/' >> alerts.yaml
