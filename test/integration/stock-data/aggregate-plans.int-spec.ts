import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { escapeLiteral, type Client } from 'pg';
import { withConnection } from '../../../src/database/direct-connection.js';
import { aggregatePage, storedSince } from '../../../src/stock-data/aggregate/aggregate.queries.js';
import { AGGREGATES, type AggregateInterval } from '../../../src/stock-data/aggregate/aggregate.types.js';
import { BARS } from '../../../src/stock-data/bars.types.js';
import { VersioningService } from '../../../src/versioning/versioning.service.js';
import type { ReadPoint } from '../../../src/versioning/versioning.types.js';
import type { Statement } from '../../../src/database/statement.js';
import { makeBranch } from '../../factories/versioned-bars.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';
import { makeSeriesOf } from './aggregate-support.js';

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly Plans?: readonly PlanNode[];
}

function nodesOf(node: PlanNode): readonly PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

/** What a statement does when planned for any values, as a prepared one is after a few runs. */
async function explain(client: Client, { text, values }: Statement): Promise<readonly PlanNode[]> {
  await client.query('set plan_cache_mode = force_generic_plan');
  await client.query(`prepare asked as ${text}`);
  const literals = values.map((value) => escapeLiteral(String(value))).join(', ');
  const { rows } = await client.query<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>(
    `explain (analyze, format json) execute asked (${literals})`,
  );
  const [plan] = rows[0]?.['QUERY PLAN'] ?? [];
  return plan === undefined ? [] : nodesOf(plan.Plan);
}

const DAYS = 20_000;
const MINUTES = 60_000;
const LIMIT = 100;

describe('a page of computed bars out of a long history with corrections', () => {
  let service: TestApp;
  let versioning: VersioningService;
  const series = { '1d': 0, '1m': 0 };

  beforeAll(async () => {
    service = await startTestApp();
    versioning = service.app.get(VersioningService);
    for (const [interval, count, step] of [
      ['1d', DAYS, '1 day'],
      ['1m', MINUTES, '1 minute'],
    ] as const) {
      series[interval] = await makeSeriesOf(service.db.owner, 'LONG', interval);
      for (const [branch, version] of [
        ['main', 1],
        ['main', 2],
        ['side', 3],
      ] as const) {
        if (branch === 'side' && interval === '1d') {
          await makeBranch(service.db.owner, { name: branch, parent: 'main', forkRevision: 2 });
        }
        await commitMany({ seriesId: series[interval], count, step, branch, version });
      }
    }
    await withConnection(service.db.superuser, (client) => client.query('analyze'));
  });
  afterAll(() => service.close());

  async function commitMany(input: {
    seriesId: number;
    count: number;
    step: string;
    branch: string;
    version: number;
  }): Promise<void> {
    const { seriesId, count, step, branch, version } = input;
    const draft = { kind: 'import', source: 'test', message: null, authorId: null, dryRun: false } as const;
    await versioning.commit(
      BARS,
      { ...draft, branch },
      {
        stage: async () => ({
          relation: `
          select $1::int as series_id, timestamptz '1960-01-01 00:00:00+00' + n * $2::interval as ts,
            false as withdrawn, null::numeric as "open", null::numeric as high, null::numeric as low,
            n + $3::numeric as "close", null::numeric as adj_close, 1::bigint as volume
          from generate_series(1, $4::int) n`,
          scopes: [seriesId],
          values: [seriesId, step, version, count],
        }),
      },
    );
  }

  /** Explains as the service runs it: as the application role, prepared. */
  async function plan(statement: Statement): Promise<readonly PlanNode[]> {
    return withConnection(service.db.app, (client) => explain(client, statement));
  }

  const pageOf = (interval: AggregateInterval, order: 'asc' | 'desc', point: ReadPoint): Statement => {
    const { from, most } = AGGREGATES[interval];
    const page = { seriesId: series[from === '1d' ? '1d' : '1m'], interval, order, point, limit: LIMIT };
    return aggregatePage({ ...page, from: null, before: null, scan: most * LIMIT + 1 }, 'json');
  };

  it.each([
    ['1w', 'desc', 'main', undefined],
    ['1w', 'asc', 'main', 3],
    ['1mo', 'desc', 'main', 1],
    ['5m', 'desc', 'main', undefined],
    ['15m', 'desc', 'side', undefined],
    ['1h', 'asc', 'side', 5],
    ['1w', 'desc', 'side', undefined],
  ] as const)('of %s, %s, on %s as of %s, reads its own source bars through the key', async (...given) => {
    const [interval, order, branch, revision] = given;
    const asOf = revision === undefined ? undefined : { revision };
    const point = await versioning.readPoint(branch, asOf);
    const nodes = await plan(pageOf(interval, order, point));
    const scans = nodes.filter((node) => node['Relation Name'] === 'stock_data');
    expect(scans.map((node) => [node['Node Type'], node['Index Name']])).toEqual(
      point.lineage.map(() => ['Index Scan', 'stock_data_pkey']),
    );
    // Each segment of a lineage brings as many, before the nearest are kept.
    const sourceRows = (AGGREGATES[interval].most * LIMIT + 1) * point.lineage.length;
    for (const node of nodes) {
      expect([node['Node Type'], node['Actual Rows'] <= sourceRows]).toEqual([node['Node Type'], true]);
    }
  });

  it('would be seen if it read the whole series: the comparison can fail', async () => {
    const point = await versioning.readPoint('main');
    const whole = pageOf('1w', 'desc', point);
    const unlimited = { ...whole, text: whole.text.replaceAll('limit $5', 'limit $5 + 1000000') };
    expect(unlimited.text).not.toBe(whole.text);
    const nodes = await plan(unlimited);
    expect(Math.max(...nodes.map((node) => node['Actual Rows']))).toBeGreaterThanOrEqual(DAYS);
  });

  it('finds by indexes whether bars of its interval were stored', async () => {
    const point = await versioning.readPoint('side');
    const nodes = await plan(storedSince({ symbol: 'LONG', interval: '1h', point }));
    expect(nodes.filter((node) => node['Relation Name'] === 'stock_data')).toEqual([]);
  });
});
