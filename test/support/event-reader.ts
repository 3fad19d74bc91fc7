import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** One event as it was received. */
export interface ReceivedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
}

/**
 * Follows `GET /v1/events` as a client does: lines to events, and the id to go on behind.
 *
 * **Why** not `fetch`: after a stream was cut it opens the next connection before there is a request for it, and a server that stops
 * waits for that one.
 */
export class EventReader {
  readonly events: ReceivedEvent[] = [];
  comments = 0;
  /** Set once the service ended the stream properly, and not when it was cut. */
  isEnded = false;
  private unread = '';

  private constructor(
    private readonly answer: IncomingMessage,
    /** The id to connect again with, also when no event came. */
    public lastEventId: string | undefined,
  ) {
    answer.setEncoding('utf8');
    answer.on('data', (text: string) => this.read(text));
    answer.on('end', () => (this.isEnded = answer.complete));
    answer.on('error', () => undefined);
  }

  /** Connects. **Shape**: `status` is not 200 when the service refuses; then there is nothing to read. */
  static async open(
    url: string,
    headers: Readonly<Record<string, string>>,
    lastEventId?: string,
  ): Promise<EventReader> {
    const last = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    const request = get(`${url}/v1/events`, { headers: { ...headers, ...last }, agent: false });
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    request.on('error', () => undefined);
    return new EventReader(answer, lastEventId);
  }

  get status(): number | undefined {
    return this.answer.statusCode;
  }

  header(name: string): string | undefined {
    return this.answer.headers[name]?.toString();
  }

  /** Cuts the connection, as a client that goes away. */
  cut(): void {
    this.answer.destroy();
  }

  /** Waits until what is wanted is there. **Errors**: when it does not come in ten seconds. */
  async until(isThere: (reader: EventReader) => boolean): Promise<void> {
    for (let tries = 0; !isThere(this); tries++) {
      if (tries === 1_000)
        throw new Error(`not received behind ${this.lastEventId}: ${JSON.stringify(this.events)}`);
      await sleep(20);
    }
  }

  private read(text: string): void {
    const blocks = (this.unread + text).split('\n\n');
    this.unread = blocks.pop() ?? '';
    blocks.forEach((block) => this.take(block));
  }

  private take(block: string): void {
    const fields = new Map<string, string>();
    for (const line of block.split('\n')) {
      const colon = line.indexOf(':');
      if (colon === 0) this.comments++;
      else fields.set(line.slice(0, colon), line.slice(colon + 1).trimStart());
    }
    const id = fields.get('id');
    if (id !== undefined) this.lastEventId = id;
    const data = fields.get('data');
    if (data === undefined || id === undefined) return;
    this.events.push({ id, type: fields.get('event') ?? 'message', data: JSON.parse(data) as unknown });
  }
}
