import { Readable } from 'node:stream';
import type { HistoryOwner } from '../../history-owner.types.js';
import type { EventBatch } from '../event-log.service.js';
import { eventId, type EventPosition } from './event-position.js';
import { HEARTBEAT, openingText } from './event-text.js';

/** What is waiting in memory for a slow client; more is left in the log until it can be sent. **Units**: bytes. */
const BUFFER_BYTES = 16_384;

/** What a stream needs to know. */
export interface EventStreamInput {
  readonly owner: HistoryOwner;
  readonly sessionId: string;
  /** The hash of the session's credential. */
  readonly credential: string;
  readonly start: EventPosition;
  /** The owner's newest late citation that `start` is to be taken as knowing of, or as about to find. */
  readonly seenLate: number;
  readonly heartbeatMs: number;
  /** The next events from a position on. */
  readonly next: (from: EventPosition) => Promise<EventBatch>;
}

/**
 * The events of one connection, as text.
 *
 * It holds a position and no events: a client that reads slowly is sent them from the log when it has taken what went before, and
 * one that reads nothing costs {@link BUFFER_BYTES}.
 */
export class EventStream {
  readonly readable: Readable;
  private position: EventPosition;
  private seenLate: number;
  private isEnding = false;
  private wake: () => void = () => undefined;
  /** Since when the client has taken nothing, though something waits for it; null while it keeps up. */
  private fullSince: number | null = null;

  constructor(private readonly input: EventStreamInput) {
    this.position = input.start;
    this.seenLate = input.seenLate;
    this.readable = Readable.from(this.texts(), { objectMode: false, highWaterMark: BUFFER_BYTES });
  }

  get sessionId(): string {
    return this.input.sessionId;
  }

  /** Whether its session is among those that are live, with the credential that it was opened with. */
  isAllowed(live: ReadonlyMap<string, string>): boolean {
    return live.get(this.input.sessionId) === this.input.credential;
  }

  /** Whose it is, as limits count. */
  get ownerId(): string {
    return this.input.owner.id;
  }

  /** How many revisions up to `head` its client has not been sent. */
  revisionsBehind(head: number): number {
    return Math.max(0, head - this.position.revision);
  }

  /** There are revisions up to `head`, and late citations up to the number `late`. */
  notify(head: number, late: number): void {
    if (head <= this.position.revision && late <= this.seenLate) return;
    this.seenLate = Math.max(this.seenLate, late);
    this.wake();
  }

  /** Ends the stream behind the event that is on its way. */
  end(): void {
    this.isEnding = true;
    this.wake();
  }

  /** Ends it at once: nobody reads it any more. */
  drop(): void {
    this.end();
    this.readable.destroy();
  }

  /** Whether the client has taken nothing for so long. */
  isStuck(forMs: number): boolean {
    return this.fullSince !== null && performance.now() - this.fullSince > forMs;
  }

  private async *texts(): AsyncGenerator<string> {
    yield openingText(eventId(this.position));
    while (!this.isEnding) {
      const woken = this.untilWoken();
      const { texts, position } = await this.input.next(this.position);
      for (const text of texts) {
        this.fullSince = performance.now();
        yield text;
        this.fullSince = null;
        if (this.isEnding) return;
      }
      this.position = position;
      if (texts.length === 0 && (await woken) === 'late' && !this.isEnding) {
        this.fullSince = performance.now();
        yield HEARTBEAT;
        this.fullSince = null;
      }
    }
  }

  /** Made before the log is looked at: what is committed while that goes on must not be slept through. */
  private async untilWoken(): Promise<'woken' | 'late'> {
    this.wake();
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve('late'), this.input.heartbeatMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve('woken');
      };
    });
  }
}
