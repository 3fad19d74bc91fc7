import { createServer, type IncomingMessage } from 'node:http';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';

/**
 * The least that can keep messages: `node:http`, `pg`, named statements, the same rows in plain tables. No sign-in, no row-level security,
 * no forks; an append looks up no price, checks nothing, takes no lock, and numbers messages by a counter of its own.
 */
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

const instant = `to_char(m.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const PAGE = {
  name: 'page',
  text: `
    select string_agg(format(
      '{"id":"%s","conversationId":"%s","seq":%s,"role":"%s","content":%s,"citations":%s,"metadata":null,"createdAt":"%s","redactedAt":null,"inherited":false}',
      m.id, m.conversation_id, m.seq, m.role, to_json(m.content), m.citations, ${instant}), ',' order by m.seq desc)
    from (
      select *
      from plain_messages
      where conversation_id = $1
      order by seq desc
      limit $2
    ) m`,
  rowMode: 'array' as const,
};
const ADD = {
  name: 'add',
  text: `
    insert into plain_messages (id, conversation_id, owner_id, seq, role, content, citations, request_digest, search)
    values ($1, $2, $2, $3, $4, $5, $6, sha256($5::text::bytea), message_search('english', $5))`,
};
const PIN = {
  name: 'pin',
  text: `
    insert into plain_citations (message_id, ordinal, owner_id, series_id, branch_id, ts, revision)
    values ($1, 0, $2, 1, 1, '1990-02-01T00:00:00Z', 1)`,
};
const CITATION = {
  ...{ type: 'stock-data', symbol: 'S0001', date: '1990-02-01', interval: '1d', field: 'close' },
  ...{ revision: 1, branch: 'main' },
  quoted: { date: '1990-02-01', open: 1.25, high: 2.5, low: 0.5, close: 1, adjClose: 1, volume: 1000 },
};

/** Above every seeded message. */
let seq = 1_000_000;

async function page(url: string): Promise<string> {
  const [, id = '', limit = '50'] =
    /^\/v1\/conversations\/([^/]+)\/messages\?order=desc&limit=(\d+)$/.exec(url) ?? [];
  const { rows } = await pool.query<[string | null]>({ ...PAGE, values: [id, Number(limit)] });
  return `{"data":[${rows[0]?.[0] ?? ''}]}`;
}

async function append(url: string, body: string): Promise<string> {
  const [, conversationId = ''] = /^\/v1\/conversations\/([^/]+)\/messages$/.exec(url) ?? [];
  const { role, content } = JSON.parse(body) as { role: string; content: string };
  const message = { id: uuidv7(), conversationId, seq: ++seq, role, content, citations: [CITATION] };
  const client = await pool.connect();
  try {
    await client.query('begin');
    const values = [
      message.id,
      conversationId,
      message.seq,
      role,
      content,
      JSON.stringify(message.citations),
    ];
    await client.query({ ...ADD, values });
    await client.query({ ...PIN, values: [message.id, conversationId] });
    await client.query('commit');
  } finally {
    client.release();
  }
  return JSON.stringify(message);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

createServer((request, response) => {
  const { url = '', method } = request;
  const answer = method === 'POST' ? bodyOf(request).then(async (body) => append(url, body)) : page(url);
  answer.then(
    (body) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      response.writeHead(method === 'POST' ? 201 : 200, headers).end(body);
    },
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      response.writeHead(500).end();
    },
  );
}).listen(Number(process.env.PORT), '127.0.0.1');
