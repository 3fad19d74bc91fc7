import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from 'pg';
import { withConnection } from '../../../src/database/direct-connection.js';
import type { Statement } from '../../../src/database/statement.js';
import { BARS } from '../../../src/stock-data/bars.types.js';
import { NOW } from '../../../src/versioning/branches/lineage.types.js';
import {
  CHANGES,
  closeVersions,
  collectChanges,
  createChanges,
  joinTables,
  noteTouched,
  touchedSince,
} from '../../../src/versioning/commit/commit.queries.js';
import {
  collectThreeWay,
  rowsOfBranch,
  rowsOfRevision,
} from '../../../src/versioning/merge/three-way.queries.js';
import type { Proposals } from '../../../src/versioning/versioning.types.js';
import { proposalsOf } from '../../factories/versioned-bars.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { explained, offences, type PlanNode } from './plans.js';
import { seedSkew, SKEW } from './skewed-history.js';

const { large, small, branch, fork, head, own, changed } = SKEW;
const MAIN = [{ branchId: 1, revision: NOW }] as const;
const FORKED = [{ branchId: 1, revision: fork }] as const;
const QUIET = [{ branchId: branch, revision: NOW }, ...FORKED] as const;
const BEFORE = [{ branchId: branch, revision: head - 1 }, ...FORKED] as const;
/** Of a change of three bars, with what is looked up for each. */
const FEW = 40;
/** A revision of the branch that the large series is on. */
const OF_MAIN = head - own - 1;

let db: TestDatabase;

beforeAll(async () => {
  db = await createTestDatabase();
  await withConnection(db.superuser, seedSkew);
}, 120_000);
afterAll(() => db.drop());

/** Explains as the application role in the middle of a commit. */
async function inCommit(
  statement: Statement,
  before: (client: Client) => Promise<unknown> = async () => undefined,
): Promise<readonly PlanNode[]> {
  return withConnection(db.app, async (client) => {
    await client.query(createChanges(BARS).text.replace('on commit drop', 'on commit preserve rows'));
    await before(client);
    return explained(client, statement);
  });
}

const threeOf = (series: number): Proposals =>
  proposalsOf(
    series,
    [0, 1, 2].map((day) => ({ day, close: '7' })),
  );
const rows = rowsOfBranch(BARS, branch, [small]);
const changes = rowsOfRevision(BARS, { branchId: branch, revision: head }, [small]);
const both = { table: BARS, onConflict: 'fail' } as const;
const since = { table: BARS, scopes: [small], revision: head - own };

describe('a small change', () => {
  it.each([
    ['compares an import', collectChanges({ table: BARS, lineage: MAIN, proposals: threeOf(small) })],
    [
      'compares one of the large series',
      collectChanges({ table: BARS, lineage: MAIN, proposals: threeOf(large) }),
    ],
    [
      'compares one of it on a branch',
      collectChanges({ table: BARS, lineage: QUIET, proposals: threeOf(large) }),
    ],
    [
      'compares a merge of it',
      collectThreeWay({ ...both, rows: threeOf(large), base: FORKED, ours: MAIN, theirs: QUIET }),
    ],
    [
      'compares an import into a branch',
      collectChanges({ table: BARS, lineage: QUIET, proposals: threeOf(small) }),
    ],
    ['compares a merge', collectThreeWay({ ...both, rows, base: FORKED, ours: MAIN, theirs: 'rows' })],
    [
      'compares a revert',
      collectThreeWay({ ...both, rows: changes, base: 'rows', ours: QUIET, theirs: BEFORE }),
    ],
    ['looks whether its series were touched meanwhile', touchedSince({ ...since, branchId: branch })],
    ['looks whether they were touched on another branch', touchedSince({ ...since, branchId: 1 })],
  ])('%s by looking at its own bars only', async (_, statement) => {
    const steps = await inCommit(statement);
    expect(offences(steps, { maxRows: FEW, maxSorted: FEW })).toEqual([]);
  });
});

describe('a change of many bars', () => {
  /** As a merge leaves them: each closes the open version of its bar. */
  const collect = (client: Client): Promise<unknown> =>
    client.query(
      `insert into ${CHANGES} (series_id, ts, withdrawn, "close", kind, closes)
       select series_id, ts, false, 1, 'corrected', ctid from stock_data
       where series_id = ${large} and branch_id = 1 order by ts limit ${changed}`,
    );
  const readsStock = (steps: readonly PlanNode[]): readonly string[] =>
    steps
      .filter((step) => step['Relation Name'] === 'stock_data' && step['Node Type'].includes('Scan'))
      .map((step) => step['Node Type']);

  it('ends their versions where they stand, without reading the table', async () => {
    const steps = await inCommit(closeVersions(BARS, OF_MAIN), async (client) => {
      await collect(client);
      const { text, values } = joinTables('off');
      await client.query(text.replaceAll(', true)', ', false)'), [...values]);
    });
    expect(readsStock(steps)).toEqual(['Tid Scan']);
  });

  it('control: the planner would read all of it', async () => {
    const steps = await inCommit(closeVersions(BARS, OF_MAIN), collect);
    expect(readsStock(steps)).toEqual(['Seq Scan']);
  });

  it('notes what it touched without looking at the bars', async () => {
    const steps = await inCommit(noteTouched(BARS, head - own + 1), collect);
    expect(readsStock(steps)).toEqual([]);
  });
});
