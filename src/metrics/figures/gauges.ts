import { MAX_VALUES_PER_KEY } from '../../encryption/key-usage.js';
import type { StoreFigures } from './store-figures.service.js';

/** One series of a metric. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric whose values are read when it is scraped. **Shape**: no samples where nothing is known. */
export interface StoreMetric {
  readonly type: 'gauge' | 'counter';
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  readonly samples: (figures: StoreFigures) => readonly Sample[];
}

/** What the database says. Every process says the same: take the maximum over them, never the sum. */
export const STORE_METRICS: readonly StoreMetric[] = [
  {
    type: 'gauge',
    name: 'stockroom_newest_revision',
    help: 'Number of the newest revision of stock data.',
    samples: ({ newestRevision }) => one(newestRevision),
  },
  {
    type: 'gauge',
    name: 'stockroom_sessions_live',
    help: 'Sessions that are live, of people and of visitors; counting ends at 100000 together.',
    labels: ['kind'],
    samples: ({ sessions }) =>
      sessions === undefined
        ? []
        : [
            { labels: { kind: 'person' }, value: sessions.people },
            { labels: { kind: 'visitor' }, value: sessions.visitors },
          ],
  },
  {
    type: 'gauge',
    name: 'stockroom_retention_lag_seconds',
    help: 'Time since the message that waits longest for its removal was past its date, of the oldest 500 that may be.',
    samples: ({ retentionLagSeconds }) => one(retentionLagSeconds),
  },
  {
    type: 'gauge',
    name: 'stockroom_encryption_key_values',
    help: 'Values ever encrypted under a key, by its id; retired keys left out.',
    labels: ['key_id'],
    samples: ({ keys = [] }) =>
      keys
        .filter(({ isRetired }) => !isRetired)
        .map(({ id, encryptedValues }) => ({ labels: { key_id: id }, value: encryptedValues })),
  },
  {
    type: 'gauge',
    name: 'stockroom_encryption_key_values_limit',
    help: 'Values that one key may encrypt; beyond it the service refuses to.',
    samples: () => one(MAX_VALUES_PER_KEY),
  },
  ...archiverMetrics(),
];

function archiverMetrics(): readonly StoreMetric[] {
  return [
    {
      type: 'counter',
      name: 'stockroom_archived_segments_total',
      help: 'Segments of the database log that the server has archived; missing where it does not archive.',
      samples: ({ archiver }) => one(archiver?.archived),
    },
    {
      type: 'counter',
      name: 'stockroom_archive_failures_total',
      help: 'Times that archiving a segment failed.',
      samples: ({ archiver }) => one(archiver?.failed),
    },
    {
      type: 'gauge',
      name: 'stockroom_archive_last_success_timestamp_seconds',
      help: 'When a segment was last archived.',
      samples: ({ archiver }) => one(archiver?.lastArchivedAt),
    },
    {
      type: 'gauge',
      name: 'stockroom_archive_last_failure_timestamp_seconds',
      help: 'When archiving a segment last failed.',
      samples: ({ archiver }) => one(archiver?.lastFailedAt),
    },
  ];
}

function one(value: number | null | undefined): readonly Sample[] {
  return value === null || value === undefined ? [] : [{ value }];
}
