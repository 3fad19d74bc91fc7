import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import { MetricsService } from '../../src/metrics/metrics.service.js';
import { scrape, type Scrape } from '../support/scrape.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

const { groups } = load(read('deploy/monitoring/alerts.yaml')) as {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);

/** Queries wherever they stand in a dashboard. */
function queriesOf(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inside]) =>
    key === 'expr' && typeof inside === 'string' ? [inside] : queriesOf(inside),
  );
}

const dashboard: unknown = JSON.parse(read('deploy/monitoring/grafana-dashboard.json'));
const queries = queriesOf(dashboard);

/** Names of metrics in a query. Those of Prometheus itself, such as `up`, have no prefix. */
const metricsIn = (query: string): readonly string[] =>
  query.match(/\b(?:stockroom|http|nodejs|process)_[a-z0-9_]+\b/g) ?? [];

/** A query's names that no scrape has. */
function unknownIn(query: string, { declared }: Scrape): readonly string[] {
  return metricsIn(query).filter((name) => {
    const [, histogram] = /^(.*)_(?:bucket|sum|count)$/.exec(name) ?? [];
    return !declared.has(name) && declared.get(histogram ?? '') !== 'histogram';
  });
}

/** Labels that a query asks for by name, beside those that Prometheus adds. */
const labelsIn = (query: string): readonly string[] =>
  [...query.matchAll(/\{([^}]*)\}|\bby \(([^)]*)\)/g)]
    .flatMap(([, matchers = '', by = '']) => [...matchers.split(','), ...by.split(',')])
    .map((part) => /^\s*([a-z_]+)/.exec(part)?.[1] ?? '')
    .filter((label) => !['', 'job', 'instance', 'le', 'namespace', 'cronjob'].includes(label));

describe('what watches the service', () => {
  let service: TestApp;
  let metrics: Scrape;
  beforeAll(async () => {
    service = await startTestApp({ env: { METRICS_PORT: '0' } });
    await service.admin.api.get('/v1/stocks');
    metrics = await scrape(service.app.get(MetricsService).port);
  });
  afterAll(() => service.close());

  it('asks for metrics that there are, in each alert and each panel', () => {
    expect(rules.length).toBeGreaterThan(10);
    expect(queries.length).toBeGreaterThan(20);
    for (const query of [...rules.map(({ expr }) => expr), ...queries])
      expect({ query, unknown: unknownIn(query, metrics) }).toEqual({ query, unknown: [] });
    expect(unknownIn('rate(http_request_durations_seconds_count[5m])', metrics)).toHaveLength(1);
    expect(unknownIn('stockroom_pool_size_count', metrics)).toHaveLength(1);
  });

  it('asks for labels that they have', () => {
    const known = new Set(metrics.samples.flatMap(({ labels }) => Object.keys(labels)));
    for (const query of [...rules.map(({ expr }) => expr), ...queries])
      for (const label of labelsIn(query))
        expect(`${query}: ${[...known].includes(label) ? label : ''}`).toBe(`${query}: ${label}`);
  });

  it('shows each metric of our own somewhere', () => {
    const asked = new Set([...rules.map(({ expr }) => expr), ...queries].flatMap(metricsIn));
    const ours = [...metrics.declared.keys()].filter((name) => name.startsWith('stockroom_'));
    const shown = (name: string): boolean =>
      [name, `${name}_bucket`, `${name}_sum`, `${name}_count`].some((form) => asked.has(form));
    expect(ours.filter((name) => !shown(name))).toEqual([]);
  });

  it('shows the share of failed requests as 0 while none fails', () => {
    const shares = queries.filter((query) => /status_code=~"5.."[^/]*\//.test(query));
    expect(shares).toHaveLength(1);
    // Without a failure there is no series, and nothing divided by something is nothing.
    for (const share of shares)
      expect(share).toMatch(/^\(sum\(.*status_code=~"5..".*\) or vector\(0\)\) \/ sum\(/);
  });

  it('says of each alert what it means and what to do, and of no other', () => {
    const headings = new Set(
      [...read('docs/operations.md').matchAll(/^#{2,4} (.+)$/gm)].map(([, title]) => title),
    );
    for (const { alert, annotations } of rules) {
      expect(headings).toContain(alert);
      expect(annotations.runbook).toBe(`docs/operations.md#${alert.toLowerCase()}`);
    }
    const told = [...headings].filter((title) => title !== undefined && /^Stockroom[A-Z]/.test(title));
    expect(new Set(told)).toEqual(new Set(rules.map(({ alert }) => alert)));
  });

  it('tries each alert', () => {
    const tests = read('deploy/monitoring/alerts.test.yaml');
    const fired = (alert: string): boolean =>
      new RegExp(`alertname: ${alert}\\n\\s+exp_alerts|alertname="${alert}"[^\\n]*value: 1`).test(tests);
    expect(rules.map(({ alert }) => alert).filter((alert) => !fired(alert))).toEqual([]);
  });
});
