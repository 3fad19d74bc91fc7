import { createServer } from 'node:http';
import pg from 'pg';

/**
 * The least that can answer "the latest bars of a stock": `node:http`, `pg`, one named statement whose result PostgreSQL writes as
 * JSON text. No framework, no validation, no log, no sign-in, no versions, no cursor.
 */
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

const price = (column: string): string => `coalesce(b."${column}"::text, 'null')`;
const LATEST = {
  name: 'latest',
  text: `
    select string_agg(format('{"date":"%s","open":%s,"high":%s,"low":%s,"close":%s,"adjClose":%s,"volume":%s}',
      b.day, ${['open', 'high', 'low', 'close', 'adj_close', 'volume'].map(price).join(', ')}), ',' order by b.day desc)
    from (
      select *
      from plain_bars
      where series_id = $1
      order by day desc
      limit $2
    ) b`,
  rowMode: 'array' as const,
};

const { rows } = await pool.query<[string, number]>({
  text: 'select symbol, id from plain_series',
  rowMode: 'array',
});
const series = new Map(rows);

async function latest(url: string): Promise<string | null> {
  const [, symbol = '', limit = '100'] = /^\/v1\/stocks\/([^/]+)\/data\?limit=(\d+)$/.exec(url) ?? [];
  const id = series.get(symbol);
  if (id === undefined) return null;
  const { rows: answer } = await pool.query<[string | null]>({ ...LATEST, values: [id, Number(limit)] });
  const head = JSON.stringify({ symbol, interval: '1d', branch: 'main', revision: 1 }).slice(0, -1);
  return `${head},"data":[${answer[0]?.[0] ?? ''}],"nextCursor":null}`;
}

createServer((request, response) => {
  latest(request.url ?? '').then(
    (body) => {
      if (body === null) {
        response.writeHead(404).end();
        return;
      }
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      response.writeHead(200, headers).end(body);
    },
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      response.writeHead(500).end();
    },
  );
}).listen(Number(process.env.PORT), '127.0.0.1');
