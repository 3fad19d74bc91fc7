import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { storeConversation, storeMessage, type StoredConversation } from '../factories/history-rows.js';
import type { Persona } from '../support/personas.js';
import { asOwner } from '../support/sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

interface Found {
  readonly data: readonly { readonly id: string; readonly rank: number; readonly snippet: string }[];
  readonly nextCursor: string | null;
}

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const someone = async (): Promise<{ person: Persona; chat: StoredConversation }> => {
  const person = await t.signedIn('USER');
  return { person, chat: await storeConversation(t.db, person) };
};

async function page({ api }: Persona, q: string, more: Record<string, string> = {}): Promise<Found> {
  const answer = await api.get('/v1/messages/search', { query: { q, ...more } });
  expect(answer.status).toBe(200);
  return answer.json as Found;
}

/** Every page, one after the other. */
async function pages(
  person: Persona,
  q: string,
  between?: () => Promise<unknown>,
): Promise<readonly Found[]> {
  const all = [await page(person, q, { limit: '100' })];
  for (let cursor = all[0]?.nextCursor ?? null; cursor !== null; cursor = all.at(-1)?.nextCursor ?? null) {
    await between?.();
    all.push(await page(person, q, { limit: '100', cursor }));
  }
  return all;
}

/** Stores messages from one number to another, oldest first by their ids. */
async function storeMany(
  chat: StoredConversation,
  content: string,
  [first, last]: readonly [number, number],
): Promise<readonly string[]> {
  const rows = await asOwner<{ id: string }>(
    t.db,
    `insert into messages (id, conversation_id, owner_id, seq, role, content)
     select ('01900000-0000-7000-' || lpad(to_hex(32768 + n / 65536), 4, '0') || '-' || substr(md5($1::text), 1, 8) ||
         lpad(to_hex(n % 65536), 4, '0'))::uuid, $1::uuid, $2, n, 'user', replace($3, '{n}', n::text)
     from generate_series($4::integer, $5::integer) n
     returning id`,
    [chat.id, chat.userId, content, first, last],
  );
  return rows.map(({ id }) => id);
}

describe('a snippet', () => {
  it('shows the message as it is written, with words of paths, tags and comments marked', async () => {
    const { person, chat } = await someone();
    const content =
      'see /usr/local/lib/snake_case and List<String> <!-- hidden --> at https://example.com/q3/report';
    await storeMessage(t.db, chat, { seq: 1, content });
    for (const [q, snippet] of [
      ['local', '<mark>local</mark>/lib/snake_case and List&lt;String&gt; &lt;!-- hidden'],
      ['snake_case', '<mark>snake</mark>_<mark>case</mark>'],
      ['/local/lib', '<mark>local</mark>/<mark>lib</mark>/'],
      ['string', 'List&lt;<mark>String</mark>&gt;'],
      ['hidden', '&lt;!-- <mark>hidden</mark> --&gt;'],
      ['https://example.com/q3/report', '://<mark>example.com</mark>/<mark>q3</mark>/<mark>report</mark>'],
    ] as const) {
      const [hit] = (await page(person, q)).data;
      expect(hit?.snippet).toContain(snippet);
    }
  });

  it('is cut from where the words are, however long the message is', async () => {
    const { person, chat } = await someone();
    const filler = 'nothing of note '.repeat(1_000);
    const content = `turbine ${filler} the rotor and its blades ${filler} turbine rotor ${filler} flange`;
    await storeMessage(t.db, chat, { seq: 1, content });
    const snippet = async (q: string): Promise<string> => (await page(person, q)).data[0]?.snippet ?? '';
    expect(await snippet('blades')).toContain('the rotor and its <mark>blades</mark>');
    expect(await snippet('turbine rotor')).toContain('<mark>turbine</mark> <mark>rotor</mark>');
    expect(await snippet('"turbine rotor"')).toContain('<mark>turbine</mark> <mark>rotor</mark>');
    // Nowhere close together: one of them is better than none.
    expect(await snippet('blades flange')).toMatch(/<mark>(blades|flange)<\/mark>/);
    expect(await snippet('-ship')).not.toContain('<mark>');
  });
});

describe('a search in many messages', () => {
  it('goes on behind what it looks through at once, and finds each message once whatever comes meanwhile', async () => {
    const { person, chat } = await someone();
    const rare = await storeMany(chat, 'zirconium, the oldest', [1, 3]);
    await storeMany(chat, 'message {n}', [4, 10_200]);
    const often = await storeMany(chat, 'zirconium and zirconium {n}', [10_201, 10_450]);
    let seq = 10_500;
    const all = await pages(person, 'zirconium', async () =>
      storeMessage(t.db, chat, { seq: seq++, content: 'zirconium '.repeat(9) }),
    );
    const ids = all.flatMap(({ data }) => data.map(({ id }) => id));
    expect(ids.toSorted()).toEqual([...rare, ...often].toSorted());
    expect(ids.slice(-3).toSorted()).toEqual([...rare].toSorted());
    const ranks = all.flatMap(({ data }) => data.map(({ rank }) => rank)).slice(0, often.length);
    expect(ranks).toEqual(ranks.toSorted((one, other) => other - one));
  }, 60_000);

  it('has a page without any that says where to go on', async () => {
    const { person, chat } = await someone();
    const [oldest] = await storeMany(chat, 'tungsten', [1, 1]);
    await storeMany(chat, 'message {n}', [2, 10_002]);
    const all = await pages(person, 'tungsten');
    expect(all.map(({ data }) => data.map(({ id }) => id))).toEqual([[], [oldest]]);
  }, 60_000);

  it('ends a page early that would show too much text, and all pages have all', async () => {
    const { person, chat } = await someone();
    const stored = await storeMany(chat, 'word_{n} basalt '.repeat(4_000).slice(0, 60_000), [1, 40]);
    const all = await pages(person, 'basalt');
    expect(all.length).toBeGreaterThan(1);
    expect(all[0]?.data.length).toBeLessThan(40);
    expect(all.flatMap(({ data }) => data.map(({ id }) => id)).toSorted()).toEqual([...stored].toSorted());
  }, 60_000);

  it('looks through no more text at once than eight megabytes', async () => {
    const { person, chat } = await someone();
    const stored = await storeMany(chat, `feldspar ${'x'.repeat(60_000)}`, [1, 150]);
    const all = await pages(person, 'feldspar');
    const ids = all.flatMap(({ data }) => data.map(({ id }) => id));
    expect(ids).toEqual(stored.toReversed());
  }, 60_000);

  it('does not rank a query of very many words', async () => {
    const { person, chat } = await someone();
    const content = Array.from({ length: 60 }, (_, n) => `w${n}`).join(' ');
    const stored = await storeMany(chat, content, [1, 3]);
    const { data } = await page(person, content);
    expect(data.map(({ id, rank }) => [id, rank])).toEqual(stored.toReversed().map((id) => [id, 0]));
    expect((await page(person, 'w1 w2')).data.every(({ rank }) => rank > 0)).toBe(true);
  });
});
