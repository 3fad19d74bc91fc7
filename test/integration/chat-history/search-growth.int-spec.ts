import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Client } from 'pg';
import { clientConfig } from '../../../src/database/direct-connection.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { assertProperty } from '../../support/property.js';
import { processorTime, type ProcessorTime } from './processor-time.js';

/** A text eight times as long may take so many times as long: eight for what grows with the text, 64 for what grows with its square. */
const MOST = 24;
const LONG = 64 * 1024;

/** What parsers of words treat in ways of their own, and letters of one, two and four bytes. */
const SIGNS = ['a', 'b', '1', 'e', '.', '-', '_', '/', '@', ':', '&', '#', ';', '=', '?', '%', '~', '+'];
const OTHERS = [' ', '\n', '"', "'", '<', '>', '!', '\\', '\u0004', 'é', '中', '🚀', '<!--', '-->', 'www.'];

let db: TestDatabase;
let client: Client;
let processorMs: ProcessorTime;
beforeAll(async () => {
  db = await createTestDatabase();
  client = new Client(clientConfig(db.superuser));
  await client.connect();
  processorMs = await processorTime(client);
  await client.query('create temporary table texts (content text)');
});
afterAll(async () => {
  await client.end();
  await db.drop();
});

async function msOf(work: string, text: string): Promise<number> {
  await client.query('truncate texts');
  await client.query('insert into texts values ($1)', [text]);
  return processorMs(`select length(${work}) from texts`);
}

/** How many times as long a text of eight times the bytes takes. */
async function growth(work: string, part: string, bytes: number): Promise<number> {
  const text = (length: number): string =>
    part.repeat(Math.max(1, Math.floor(length / Buffer.byteLength(part))));
  return (await msOf(work, text(bytes))) / (await msOf(work, text(bytes / 8)));
}

const VECTOR = `message_search('english', content)`;

describe('the words of a message', () => {
  it('would take the square of its length by the parser alone, which is what these tests would see', async () => {
    expect(await growth(`to_tsvector('english', content)`, 'a_', LONG / 8)).toBeGreaterThan(MOST);
  });

  it.each([
    'a_',
    'a/',
    './',
    'a-',
    'a.',
    '@',
    'a@b.',
    '<!--',
    '<!-- ',
    '<a "',
    '&a',
    'a b',
    'snake_case_name_',
  ])('take no more than its length: %p again and again', async (part) => {
    expect(await growth(VECTOR, part, LONG)).toBeLessThan(MOST);
  });

  it('take no more than its length, whatever is repeated', async () => {
    const part = fc.array(fc.constantFrom(...SIGNS, ...OTHERS), { minLength: 1, maxLength: 8 });
    await assertProperty(
      [part],
      async (signs) => {
        expect(await growth(VECTOR, signs.join(''), LONG)).toBeLessThan(MOST);
      },
      { runs: 40, limitMs: 20_000 },
    );
  }, 60_000);

  it('take no more than its length, whatever small alphabet they are of', async () => {
    const alphabet = fc.uniqueArray(fc.constantFrom(...SIGNS, ...OTHERS), { minLength: 2, maxLength: 4 });
    await assertProperty(
      [alphabet, fc.infiniteStream(fc.nat(3))],
      async (signs, choices) => {
        const part = Array.from(
          { length: 7_001 },
          () => signs[(choices.next().value ?? 0) % signs.length] ?? '',
        );
        expect(await growth(VECTOR, part.join('').slice(0, 4_096), LONG)).toBeLessThan(MOST);
      },
      { runs: 20, limitMs: 15_000 },
    );
  }, 60_000);
});
