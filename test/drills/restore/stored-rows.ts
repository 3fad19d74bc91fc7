import { loadSettings } from '../../../src/config/settings.js';
import { CellCipher } from '../../../src/encryption/cell-cipher.js';
import { KeyRing } from '../../../src/encryption/key-ring.js';
import { sha256 } from '../../../src/encryption/secrets.js';
import type { Cluster } from './cluster.js';
import { CORRECTED, GROWING } from './writer.js';

/** What of a store is older than the writer. */
export interface Before {
  readonly revision: number;
  readonly sessions: readonly string[];
}

/** Every row that the writer left, each as the ledger writes it, read by the superuser past all policies. */
export async function storedRows(
  server: Pick<Cluster, 'query'>,
  keys: string,
  before: Before,
): Promise<ReadonlySet<string>> {
  const read = async (text: string, values: unknown[] = []): Promise<string[]> =>
    (await server.query<{ row: string }>(text, values)).map(({ row }) => row);
  return new Set([
    ...(await read(`select 'revision|' || id as row from revisions where id > $1`, [before.revision])),
    ...(await read(
      `select unnest(array_remove(array[
         format('bar|%s|%s|%s|%s', s.symbol, (d.ts at time zone 'UTC')::date, d.valid_from, d."close"),
         case when d.valid_to < 9223372036854775807
           then format('closed|%s|%s|%s|%s', s.symbol, (d.ts at time zone 'UTC')::date, d.valid_from, d.valid_to) end
       ], null)) as row
       from stock_data d
       join stock_series x on x.id = d.series_id
       join tracked_stocks s on s.id = x.tracked_stock_id
       where s.symbol = any($1)`,
      [[CORRECTED, GROWING]],
    )),
    ...(
      await server.query<{ id: string; seq: number; content: string }>(
        'select id, seq, content from messages',
      )
    ).map(({ id, seq, content }) => `message|${id}|${seq}|${sha256(content).toString('hex')}`),
    ...(await read(
      `select format('citation|%s|%s|%s', message_id, ordinal, revision) as row from message_citations`,
    )),
    ...(await read(`select 'session|' || id as row from sessions where id <> all($1)`, [before.sessions])),
    ...(await secrets(server, keys)),
  ]);
}

/** Each stored secret in clear. **Errors**: `DecryptionError` for one that the keys do not open. */
async function secrets(server: Pick<Cluster, 'query'>, keys: string): Promise<readonly string[]> {
  const cipher = new CellCipher(await KeyRing.load(loadSettings({ ENCRYPTION_KEYS: keys }).encryption));
  const rows = await server.query<{ id: string; provider: string; api_key: string }>(
    'select id, provider, api_key from external_credentials',
  );
  return rows.map(({ id, provider, api_key: text }) => {
    const cell = { table: 'external_credentials', column: 'api_key', rowId: id };
    return `secret|${provider}|${cipher.decrypt(cell, text)}`;
  });
}
