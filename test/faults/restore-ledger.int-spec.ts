import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ledger } from '../drills/restore/ledger.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stockroom-ledger-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A ledger with three operations that were answered, of two rows each, and one that was not. */
function ledgerOfThree(name: string): Ledger {
  const ledger = new Ledger(join(folder, name));
  for (const letter of ['a', 'b', 'c']) ledger.ok(ledger.invoke('write'), [`${letter}1`, `${letter}2`]);
  ledger.invoke('write');
  return ledger;
}

describe('the ledger of the restore drill', () => {
  it('finds as many operations as left rows, when they left all of them', () => {
    const compared = ledgerOfThree('all').compare(new Set(['a1', 'a2', 'b1', 'b2']));
    expect(compared).toEqual({ done: 2, rows: 4, missing: [], extra: [], unanswered: 0 });
  });

  it.each([
    ['a row is missing of one that is there', ['a1', 'a2', 'b1'], { missing: ['b2'], extra: [] }],
    ['an older operation is missing', ['a1', 'a2', 'c1', 'c2'], { missing: ['b1', 'b2'], extra: [] }],
    ['there is a row of nobody', ['a1', 'a2', 'z'], { missing: [], extra: ['z'] }],
  ])('tells when %s', (_, rows, differences) => {
    expect(ledgerOfThree('some').compare(new Set(rows))).toMatchObject(differences);
  });

  it('tells what is too much for a moment, and what is not there yet', () => {
    const ledger = ledgerOfThree('moment');
    expect(ledger.compare(new Set(['a1', 'a2', 'b1', 'b2']), 1)).toMatchObject({
      missing: [],
      extra: ['b1', 'b2'],
    });
    expect(ledger.compare(new Set(['a1', 'a2']), 2)).toMatchObject({ missing: ['b1', 'b2'], extra: [] });
  });

  it('lets rows of the operation without an answer be there, behind all others only', () => {
    const everything = ['a1', 'a2', 'b1', 'b2', 'c1', 'c2'];
    const ledger = ledgerOfThree('last');
    expect(ledger.compare(new Set([...everything, 'd1']))).toMatchObject({
      done: 3,
      extra: [],
      unanswered: 1,
    });
    expect(ledger.compare(new Set(['a1', 'a2', 'd1']))).toMatchObject({
      done: 1,
      extra: ['d1'],
      unanswered: 0,
    });
  });

  it('notes each operation before it is sent, and again when it is answered', async () => {
    ledgerOfThree('notes');
    const lines = (await readFile(join(folder, 'notes'), 'utf8')).trim().split('\n');
    const events = lines.map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toEqual(['invoke', 'ok', 'invoke', 'ok', 'invoke', 'ok', 'invoke']);
  });
});
