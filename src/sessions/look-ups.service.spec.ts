import { describe, expect, it } from '@jest/globals';
import type { SqlService } from '../database/sql.service.js';
import type { Row, Statement } from '../database/statement.js';
import { LookUps } from './look-ups.service.js';

/** A database that is asked by hand. */
function lookUpsOver(answer: (ids: readonly string[]) => Promise<readonly Row[]>): {
  readonly lookUps: LookUps;
  readonly asked: string[][];
} {
  const asked: string[][] = [];
  const read = async ({ values }: Statement): Promise<readonly Row[]> => {
    const [ids] = values as [string[]];
    asked.push(ids);
    return answer(ids);
  };
  return { lookUps: new LookUps({ read } as unknown as SqlService), asked };
}

const rowsOf = async (ids: readonly string[]): Promise<readonly Row[]> =>
  ids.filter((id) => id !== 'unknown').map((id) => [id, `hash of ${id}`]);

describe('look-ups', () => {
  it('that wait share a statement, and each gets its own row or none', async () => {
    const { lookUps, asked } = lookUpsOver(async (ids) => (await rowsOf(ids)).toReversed());
    const found = await Promise.all(['c', 'a', 'b', 'unknown', 'a'].map((id) => lookUps.find(id)));
    const rows = ['c', 'a', 'b', null, 'a'].map((id) => (id === null ? null : [id, `hash of ${id}`]));
    expect(found).toEqual(rows);
    expect(asked).toEqual([['c'], ['a', 'b', 'unknown']]);
  });

  it('that come while a statement is under way wait for the next: that one may have been too early', async () => {
    let isRevoked = false;
    const { lookUps, asked } = lookUpsOver(async (ids) => {
      const rows = isRevoked ? [] : await rowsOf(ids);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return rows;
    });
    const before = lookUps.find('a');
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toHaveLength(1);
    isRevoked = true;
    expect([await lookUps.find('a'), await before]).toEqual([null, ['a', 'hash of a']]);
    expect(asked).toHaveLength(2);
  });

  it('keep nothing', async () => {
    const { lookUps, asked } = lookUpsOver(rowsOf);
    await lookUps.find('a');
    await lookUps.find('a');
    expect(asked).toEqual([['a'], ['a']]);
  });

  it('fail together, and the next are not harmed', async () => {
    let isAway = true;
    const { lookUps } = lookUpsOver(async (ids) => {
      if (isAway) throw new Error('away');
      return rowsOf(ids);
    });
    const failed = await Promise.allSettled([lookUps.find('a'), lookUps.find('b')]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isAway = false;
    expect(await lookUps.find('a')).toEqual(['a', 'hash of a']);
  });
});
