import { beforeAll, describe, expect, it } from '@jest/globals';
import { context, propagation, trace } from '@opentelemetry/api';
import { startTracing } from '../../src/tracing/start-tracing.js';
import { newAccount } from '../factories/users.js';
import type { ApiClient } from '../support/api-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import {
  attributesOf,
  startTraceReceiver,
  type ReceivedSpan,
  type TraceReceiver,
} from '../support/trace-receiver.js';

/** Stands in everything that a request can carry, and must stand in no span. */
const CANARY = 'canary-7f3a91';
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';

/** Requests of a person with something to hide, of a visitor, and of somebody who makes mistakes. */
async function ask(service: Pick<TestApp, 'stranger' | 'admin' | 'visitor'>): Promise<void> {
  const { stranger, admin } = service;
  const account = newAccount({ email: `${CANARY}@example.com`, password: `${CANARY} correct horse` });
  const traceparent = `00-${TRACE_ID}-${PARENT_ID}-01`;
  await stranger.post('/v1/users', { json: account, headers: { traceparent } });
  await stranger.post('/v1/users', { json: account });
  const login = { login: account['email'], password: `${CANARY} wrong` };
  await stranger.post('/v1/sessions', { json: login });
  await admin.api.get('/v1/stocks', { query: { q: CANARY } });
  await admin.api.get(`/v1/stocks/${CANARY}`);
  await admin.api.get(`/v1/nowhere/${CANARY}`);
  await admin.api.with({ authorization: `Bearer ${CANARY}`, cookie: `a=${CANARY}` }).get('/v1/users/me');
  const talk = service.visitor();
  const { json } = await talk.post('/v1/conversations', { json: { title: CANARY } });
  const message = { role: 'user', content: `${CANARY} 'quoted' $$dollars$$` };
  await talk.post(`/v1/conversations/${(json as { id: string }).id}/messages`, { json: message });
  await admin.api.get('/livez');
}

/** One service whose traces go to a collector. **Shape**: what came of {@link ask}. */
async function traced(
  showText?: (sql: string) => string,
): Promise<{ receiver: TraceReceiver; spans: readonly ReceivedSpan[]; visitorIds: readonly string[] }> {
  const receiver = await startTraceReceiver();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
  Object.assign(process.env, env);
  let service: TestApp | null = null;
  const visitorIds: string[] = [];
  try {
    const tracing = startTracing({
      version: '1.2.3',
      namesDetectors: false,
      ...(showText === undefined ? {} : { showText }),
    });
    service = await startTestApp({ tracing });
    const { stranger, admin } = service;
    const newVisitor = (): ApiClient => (service as TestApp).visitor();
    await ask({
      stranger,
      admin,
      visitor: () => {
        const client = newVisitor();
        visitorIds.push(...Object.values(client.headers));
        return client;
      },
    });
  } finally {
    await service?.close();
    await receiver.close();
    for (const name of Object.keys(env)) delete process.env[name];
    // The next one could not take the place of this one.
    trace.disable();
    context.disable();
    propagation.disable();
  }
  return { receiver, spans: receiver.spans(), visitorIds };
}

describe('traces', () => {
  let receiver: TraceReceiver;
  let spans: readonly ReceivedSpan[];
  let visitorIds: readonly string[];
  beforeAll(async () => {
    ({ receiver, spans, visitorIds } = await traced());
  });

  it('have a span for each request, named by its route, but for those of probes', () => {
    const names = spans.filter(({ kind }) => kind === 2).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'POST /v1/users',
        'POST /v1/sessions',
        'GET /v1/stocks',
        'GET /v1/stocks/:symbol',
        'GET',
        'GET /v1/users/me',
        'POST /v1/conversations/:id/messages',
      ]),
    );
    expect(names).not.toContain('GET /livez');
  });

  it('say what became of a request', () => {
    const [found] = spans.filter(({ name }) => name === 'GET /v1/stocks/:symbol');
    expect(found && attributesOf(found)).toMatchObject({
      'http.request.method': 'GET',
      'http.route': '/v1/stocks/:symbol',
    });
    expect(String(found && attributesOf(found)['http.response.status_code'])).toBe('400');
  });

  it('go on from the caller’s, and have the statements below the request: ours by name, the ORM’s by table', () => {
    const request = spans.find(({ traceId, kind }) => traceId === TRACE_ID && kind === 2);
    expect(request?.parentSpanId).toBe(PARENT_ID);
    const statements = spans.filter(({ parentSpanId }) => parentSpanId === request?.spanId);
    const summaries = statements.map((span) => attributesOf(span)['db.query.summary']);
    expect(summaries).toEqual(expect.arrayContaining(['begin', 'insert users', 'commit']));
    for (const { traceId } of statements) expect(traceId).toBe(TRACE_ID);
    const page = spans.find(({ name }) => name === 'stock_page');
    const parent = spans.find(({ spanId }) => spanId === page?.parentSpanId);
    expect(parent?.name).toBe('GET /v1/stocks');
  });

  it('tell a statement that failed by its code, and not by what the server said', () => {
    const failed = spans.filter((span) => 'db.response.status_code' in attributesOf(span));
    expect(failed.map((span) => attributesOf(span)['db.response.status_code'])).toContain('23505');
    for (const { status, events = [] } of failed) {
      expect(status?.code).toBe(2);
      expect(status?.message ?? '').toBe('');
      expect(events).toEqual([]);
    }
  });

  it('name the service and its release, and go where the variables say', () => {
    expect(new Set(receiver.paths)).toEqual(new Set(['/v1/traces']));
    expect(receiver.bodies[0]).toContain('"service.name","value":{"stringValue":"stockroom"}');
    expect(receiver.bodies[0]).toContain('"service.version","value":{"stringValue":"1.2.3"}');
  });

  it('hold nothing of what a request carried: no query, path, header, body, value or visitor', () => {
    const all = receiver.bodies.join('\n');
    expect(all.length).toBeGreaterThan(10_000);
    expect(all).not.toContain(CANARY);
    expect(visitorIds.length).toBeGreaterThan(0);
    for (const id of visitorIds) expect(all).not.toContain(id);
    expect(all).not.toMatch(/Bearer|\$argon2/);
  });
});

describe('traces whose statements are shown as they are', () => {
  it('give away what the ORM writes into them, which the test above would see', async () => {
    const { receiver } = await traced((sql) => sql);
    expect(receiver.bodies.join('\n')).toContain(`${CANARY}@example.com`);
  });
});
