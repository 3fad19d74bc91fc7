import { STORE_METRICS, type Sample } from './figures/gauges.js';
import type { StoreWatchService } from './figures/store-watch.service.js';
import { WORK_METRICS } from './figures/work-gauges.js';
import type { WorkFiguresService } from './figures/work-figures.service.js';
import type { Workbench } from './instruments.js';

interface ReadMetric {
  readonly type: 'gauge' | 'counter';
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  readonly read: () => Promise<readonly Sample[]> | readonly Sample[];
}

/** Registers what is read at each scrape: of the store, of this process, and which build it is. */
export function registerFigures(
  workbench: Workbench,
  from: { readonly store: StoreWatchService; readonly work: WorkFiguresService; readonly version: string },
): void {
  const { store, work, version } = from;
  register(workbench, {
    type: 'gauge',
    name: 'stockroom_build_info',
    help: 'Always 1; says which release runs on which Node.',
    labels: ['version', 'node_version'],
    read: () => [{ labels: { version, node_version: process.version }, value: 1 }],
  });
  register(workbench, {
    type: 'gauge',
    name: 'stockroom_database_up',
    help: 'Whether the database answered this process within two seconds; missing while it rests. Without it what is read from it is missing.',
    read: async () => {
      const { isUp } = await store.read();
      return isUp === null ? [] : [{ value: isUp ? 1 : 0 }];
    },
  });
  register(workbench, {
    type: 'gauge',
    name: 'stockroom_database_resting',
    help: 'Whether this process leaves a serverless database alone, because no request has needed it for a while.',
    read: async () => [{ value: (await store.read()).isResting ? 1 : 0 }],
  });
  for (const { samples, ...metric } of STORE_METRICS)
    register(workbench, {
      ...metric,
      read: async () => {
        const { isUp, figures } = await store.read();
        return isUp === false ? [] : samples(figures);
      },
    });
  for (const { samples, ...metric } of WORK_METRICS)
    register(workbench, { ...metric, read: () => samples(work) });
}

function register({ client, registry }: Workbench, metric: ReadMetric): void {
  const { type, name, help, labels = [], read } = metric;
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  if (type === 'gauge') {
    const gauge = new client.Gauge({
      ...options,
      async collect() {
        const samples = await read();
        forget(gauge, labels);
        for (const { labels: values = {}, value } of samples) gauge.set(values, value);
      },
    });
    return;
  }
  const counter = new client.Counter({
    ...options,
    async collect() {
      const samples = await read();
      forget(counter, labels);
      for (const { labels: values = {}, value } of samples) counter.inc(values, value);
    },
  });
}

/** **Why** both: without labels, `reset` leaves a zero behind, which would be taken for a value where there is none. */
function forget(metric: { reset(): void; remove(): void }, labels: readonly string[]): void {
  metric.reset();
  if (labels.length === 0) metric.remove();
}
