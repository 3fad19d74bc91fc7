import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Principal } from '../../common/principal.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { Unauthenticated } from '../../sessions/sessions.errors.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import { RevisionLogService } from '../../versioning/revisions/revision-log.service.js';
import { historyOwner } from '../history-owner.types.js';
import { EventLogService } from './event-log.service.js';
import { EventIdInFuture, NoEventStreamFree, TooManyEventStreams } from './events.errors.js';
import { behindLate, positionAfter, type EventPosition } from './stream/event-position.js';
import { EventStream } from './stream/event-stream.js';

/** A client that has taken nothing for so long is cut off; it may come back and go on. **Units**: milliseconds. */
const STUCK_MS = 60_000;
/** What a stream that ends may take to send what is on its way. **Units**: milliseconds. */
const FAREWELL_MS = 2_000;

/**
 * The open event streams of this process, and the one poll that they share: is there a new revision, and are their sessions live?
 * A process without streams does not poll.
 */
@Injectable()
export class EventStreamsService implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Events');
  private readonly streams = new Set<EventStream>();
  private readonly settings: Settings['events'];
  private timer: NodeJS.Timeout | null = null;
  private head = 0;
  private isStopping = false;

  constructor(
    private readonly events: EventLogService,
    private readonly log: RevisionLogService,
    private readonly sessions: SessionsService,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.settings = settings.events;
  }

  /**
   * Opens a stream of what happens from now on, or behind an event that was received before.
   *
   * **Errors**: `InvalidEventId`, `EventIdInFuture`; `TooManyEventStreams`, `NoEventStreamFree`; `Unauthenticated` for a
   * session that has just ended.
   */
  async open(principal: Principal, lastEventId: string | undefined): Promise<EventStream> {
    const asked = lastEventId === undefined ? null : positionAfter(lastEventId);
    const head = await this.log.head();
    if (asked !== null && (asked.revision > head || (await this.isNumberToCome(asked))))
      throw new EventIdInFuture(head);
    const { sessionId } = principal;
    const credential = (await this.sessions.liveAmong([sessionId])).get(sessionId);
    if (credential === undefined) throw new Unauthenticated();
    const owner = historyOwner(principal);
    const newest = (await this.events.newestLate([owner.id])).get(owner.id) ?? 0;
    this.requireRoom(owner.id);
    this.head = Math.max(this.head, head);
    const stream = new EventStream({
      owner,
      sessionId,
      credential,
      start: asked ?? behindLate(head, newest),
      seenLate: newest,
      heartbeatMs: this.settings.heartbeatMs,
      next: (from: EventPosition) => this.events.next(owner, from, this.head),
    });
    this.streams.add(stream);
    stream.readable.once('close', () => this.forget(stream));
    this.timer ??= setTimeout(() => void this.poll(), this.settings.pollMs);
    return stream;
  }

  /** How many streams are open. */
  get openCount(): number {
    return this.streams.size;
  }

  /** How many revisions the stream is behind that is furthest behind, as of the last look at the log; 0 without streams. */
  get revisionsBehind(): number {
    return Math.max(0, ...[...this.streams].map((stream) => stream.revisionsBehind(this.head)));
  }

  /** Ends all streams, so that the server can close: their clients go on elsewhere. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    await Promise.all([...this.streams].map((stream) => this.end(stream)));
  }

  private requireRoom(ownerId: string): void {
    const { streamsPerCaller, streams } = this.settings;
    if (this.isStopping || this.streams.size >= streams) throw new NoEventStreamFree();
    const own = [...this.streams].filter((stream) => stream.ownerId === ownerId).length;
    if (own >= streamsPerCaller) throw new TooManyEventStreams(streamsPerCaller);
  }

  /** Whether an id names a late citation that no number was given to yet. */
  private async isNumberToCome({ late }: EventPosition): Promise<boolean> {
    return late > 0 && late > (await this.events.lastLateNumber());
  }

  private async poll(): Promise<void> {
    try {
      const live = await this.sessions.liveAmong([...this.streams].map(({ sessionId }) => sessionId));
      this.head = Math.max(this.head, await this.log.head());
      const late = await this.events.newestLate([
        ...new Set([...this.streams].map(({ ownerId }) => ownerId)),
      ]);
      for (const stream of this.streams) {
        if (!stream.isAllowed(live) || stream.isStuck(STUCK_MS)) void this.end(stream);
        else stream.notify(this.head, late.get(stream.ownerId) ?? 0);
      }
    } catch (error) {
      // The database is away, or slow. Streams wait; a stream whose own reads fail ends by itself.
      this.logger.warn({ msg: 'looking for events failed; tried again', err: error });
    }
    this.timer = this.streams.size === 0 ? null : setTimeout(() => void this.poll(), this.settings.pollMs);
  }

  private async end(stream: EventStream): Promise<void> {
    const { readable } = stream;
    if (readable.closed) return;
    const closed = new Promise<void>((resolve) => readable.once('close', resolve));
    stream.end();
    const timer = setTimeout(() => stream.drop(), FAREWELL_MS);
    await closed;
    clearTimeout(timer);
  }

  private forget(stream: EventStream): void {
    this.streams.delete(stream);
    stream.end();
    if (this.streams.size > 0 || this.timer === null) return;
    clearTimeout(this.timer);
    this.timer = null;
  }
}
