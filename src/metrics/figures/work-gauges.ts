import type { Sample } from './gauges.js';
import type { WorkFiguresService } from './work-figures.service.js';

/** A metric of this process whose values are read when it is scraped. */
export interface WorkMetric {
  readonly type: 'gauge' | 'counter';
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  readonly samples: (work: WorkFiguresService) => readonly Sample[] | Promise<readonly Sample[]>;
}

/** What this process has done and has under way; other processes have theirs. */
export const WORK_METRICS: readonly WorkMetric[] = [
  poolMetric('size', 'Connections to the database that are open.'),
  poolMetric('idle', 'Connections that are open and free.'),
  poolMetric(
    'waiting',
    'Callers that wait for a connection, beyond those that are just being given a free one.',
  ),
  poolMetric('max', 'Connections that this process may open.'),
  {
    type: 'gauge',
    name: 'stockroom_replica_up',
    help: 'Whether a read replica answered when this process last asked it, by its address.',
    labels: ['replica'],
    samples: ({ replicas }) =>
      replicas.map(({ address, isAway }) => ({ labels: { replica: address }, value: isAway ? 0 : 1 })),
  },
  {
    type: 'counter',
    name: 'stockroom_imports_total',
    help: 'Imports over HTTP since the start of this process, by whether they were stored or answered with an error; dry runs left out.',
    labels: ['outcome'],
    samples: ({ imports }) => byLabel('outcome', imports.totals.imports),
  },
  {
    type: 'counter',
    name: 'stockroom_import_rows_total',
    help: 'Rows of imported files, by what became of them; of a file that was refused, the wrong ones.',
    labels: ['outcome'],
    samples: ({ imports }) => byLabel('outcome', imports.totals.rows),
  },
  {
    type: 'counter',
    name: 'stockroom_retention_removed_total',
    help: 'Rows that this process removed because they were past their date.',
    labels: ['kind'],
    samples: ({ retention }) => byLabel('kind', { ...retention.totals }),
  },
  {
    type: 'gauge',
    name: 'stockroom_retention_last_finished_timestamp_seconds',
    help: 'When this process last came to the end of a retention run; take the maximum over all.',
    samples: ({ retention: { finishedAt } }) =>
      finishedAt === null ? [] : [{ value: finishedAt.getTime() / 1_000 }],
  },
  {
    type: 'gauge',
    name: 'stockroom_event_streams_open',
    help: 'Event streams that are open at this process.',
    samples: ({ openStreams }) => [{ value: openStreams }],
  },
  {
    type: 'gauge',
    name: 'stockroom_outbox_lag_revisions',
    help: 'Revisions that the event stream furthest behind has not been sent yet. The commit log is the outbox.',
    samples: ({ revisionsBehind }) => [{ value: revisionsBehind }],
  },
  {
    type: 'gauge',
    name: 'stockroom_encryption_key_info',
    help: 'Keys on the ring of this process; role is primary for the one it writes with, reads for the others.',
    labels: ['key_id', 'role'],
    samples: ({ keyIds }) =>
      keyIds.map((id, n) => ({ labels: { key_id: id, role: n === 0 ? 'primary' : 'reads' }, value: 1 })),
  },
];

function poolMetric(part: 'size' | 'idle' | 'waiting' | 'max', help: string): WorkMetric {
  return {
    type: 'gauge',
    name: `stockroom_pool_${part}`,
    help,
    samples: async (work) => {
      const pool = await work.pool();
      // Also with a free connection a caller stands in the queue for a moment: the one of this very scrape, for example.
      const value = part === 'waiting' ? Math.max(0, pool.waiting - pool.idle) : pool[part];
      return [{ value }];
    },
  };
}

function byLabel(label: string, counts: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(counts).map(([name, value]) => ({ labels: { [label]: name }, value }));
}
