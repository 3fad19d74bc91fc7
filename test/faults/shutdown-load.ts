import { Agent, get, request, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** What became of the requests of one client. */
export interface LoadReport {
  /** Whole answers, by status. */
  readonly answers: Record<number, number>;
  /** Requests on a connection that was made and got no answer, and answers that ended half-way: what a stop must never do. */
  readonly broken: string[];
  /** New connections that were not taken any more: the client goes elsewhere, and knows that nothing was done. */
  refused: number;
}

/** One client's request. **Shape**: the path, and what to send. */
export interface LoadRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

/** Where a client sends its requests, and as whom. */
export interface LoadTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Sends one request after another over a connection that is kept, until a connection is refused. */
export async function keepAsking(
  target: LoadTarget,
  next: (n: number) => LoadRequest,
  onAnswer: (n: number, status: number) => void = () => undefined,
): Promise<LoadReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const report: LoadReport = { answers: {}, broken: [], refused: 0 };
  for (let n = 1; report.refused === 0 && report.broken.length === 0; n++) {
    const status = await ask(agent, target, next(n), report);
    if (status === null) break;
    report.answers[status] = (report.answers[status] ?? 0) + 1;
    onAnswer(n, status);
  }
  agent.destroy();
  return report;
}

async function ask(
  agent: Agent,
  { url, headers }: LoadTarget,
  { method, path, body }: LoadRequest,
  report: LoadReport,
): Promise<number | null> {
  const sent = request(`${url}${path}`, {
    agent,
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
  });
  // Some errors come twice, and the second finds nobody who waits for it.
  sent.on('error', () => undefined);
  let connected = false;
  sent.once('socket', (socket) => {
    if (!socket.connecting) connected = true;
    else socket.once('connect', () => (connected = true));
  });
  try {
    sent.end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    let text = '';
    answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await once(answer, 'end');
    if (!answer.complete) throw new Error('the answer ended half-way');
    if (text !== '') JSON.parse(text);
    return answer.statusCode ?? 0;
  } catch (error) {
    // Only who was refused at the door knows that nothing was done.
    if (connected) report.broken.push(`${method} ${path}: ${String(error)}`);
    else report.refused++;
    return null;
  }
}

/** Asks whether the service is ready, each time over a new connection, until there is none. **Shape**: the states in their order. */
export async function watchReadiness(url: string): Promise<readonly string[]> {
  const states: string[] = [];
  for (;;) {
    const state = await probe(url).catch(() => 'gone');
    if (states.at(-1) !== state) states.push(state);
    if (state === 'gone') return states;
    await sleep(10);
  }
}

async function probe(url: string): Promise<string> {
  const sent = get(`${url}/readyz`, { agent: false });
  sent.on('error', () => undefined);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await once(answer, 'end');
  return `${answer.statusCode} ${(JSON.parse(text) as { status: string }).status}`;
}

/** Opens a connection and sends what is no whole request; an empty text sends nothing. */
export async function holdOpen(url: string, text: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  if (text !== '') socket.write(text);
}

/** Begins an upload that never ends. **Shape**: the answer, once there is one. */
export async function beginUpload(
  { url, headers }: LoadTarget,
  path: string,
): Promise<Promise<{ status: number; text: string }>[]> {
  const sent = request(`${url}${path}`, {
    method: 'POST',
    agent: false,
    headers: { ...headers, 'content-type': 'text/csv' },
  });
  sent.on('error', () => undefined);
  sent.write('Date,Close\n2024-01-02,1\n');
  const answered = answerOf(sent).catch(() => ({ status: 0, text: '{"code":"no answer"}' }));
  // Long enough to have arrived; an array, or the caller's `await` would wait for the answer.
  await sleep(100);
  return [answered];
}

async function answerOf(sent: ClientRequest): Promise<{ status: number; text: string }> {
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await once(answer, 'end');
  sent.destroy();
  return { status: answer.statusCode ?? 0, text };
}
