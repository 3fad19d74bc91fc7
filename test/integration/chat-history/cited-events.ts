import { expect } from '@jest/globals';
import type { CitationListsService } from '../../../src/chat-history/citations/citation-lists.service.js';
import type { EventLogService } from '../../../src/chat-history/events/event-log.service.js';
import {
  behindLate,
  positionAfter,
  type EventPosition,
} from '../../../src/chat-history/events/stream/event-position.js';
import type { HistoryOwner } from '../../../src/chat-history/history-owner.types.js';
import type { RevisionLogService } from '../../../src/versioning/revisions/revision-log.service.js';
import type { CitedVersion } from './cited-history.js';
import { eventsOf, standingOf, type ModelEvent } from './cited-model.js';

/** The services under test. */
interface EventServices {
  readonly events: EventLogService;
  readonly log: RevisionLogService;
  readonly lists: CitationListsService;
}

interface Told extends ModelEvent {
  readonly id: string;
}

/** The events of one history, as they are read while it goes on, and again. */
export class CitedEvents {
  private readonly told: Told[] = [];
  private position: EventPosition;

  private constructor(
    private readonly owner: HistoryOwner,
    private readonly services: EventServices,
    private readonly start: EventPosition,
  ) {
    this.position = start;
  }

  /** Begins now: what was told before is of other histories. */
  static async begin(owner: HistoryOwner, services: EventServices): Promise<CitedEvents> {
    const late = (await services.events.newestLate([owner.id])).get(owner.id) ?? 0;
    return new CitedEvents(owner, services, behindLate(await services.log.head(), late));
  }

  /** Reads what came since. */
  async follow(): Promise<void> {
    const { told, position } = await this.readOn(this.position);
    this.told.push(...told);
    this.position = position;
  }

  /**
   * What was read while the history went on is what the model expects, and so is what is read anew: behind each event, the rest. What
   * is listed since a revision is what it tells of from there on. **Shape**: how many events.
   */
  async compare(citations: readonly CitedVersion[]): Promise<number> {
    const expected = eventsOf(citations);
    expect(this.told.map(plain)).toEqual(expected.map(plain));
    expect((await this.readOn(this.start)).told).toEqual(this.told);
    for (const [n, { id }] of this.told.entries())
      expect((await this.readOn(positionAfter(id))).told).toEqual(this.told.slice(n + 1));
    await this.compareLists(citations, expected);
    return expected.length;
  }

  private async compareLists(
    citations: readonly CitedVersion[],
    expected: readonly ModelEvent[],
  ): Promise<void> {
    const since = [this.start.revision, ...expected.map(({ at }) => at)];
    for (const revision of new Set(since)) {
      const paging = { limit: 1_000 };
      const { data } = await this.services.lists.restated(this.owner, { revision }, paging);
      const listed = data.map((text) => JSON.parse(text) as { messageId: string; ordinal: number });
      const news = expected.filter(({ at, isLate }) => at > revision || (isLate && at === revision));
      const own = new Set(citations.map(placeOf));
      // Those of other histories go by other bars, and are not news since this one began.
      expect(
        listed
          .map(placeOf)
          .filter((place) => own.has(place))
          .toSorted(),
      ).toEqual([...new Set(news.map(placeOf))].toSorted());
    }
    const restated = citations.filter(({ version }) => standingOf(version).status !== 'current');
    expect(new Set(expected.map(placeOf))).toEqual(new Set(restated.map(placeOf)));
  }

  private async readOn(from: EventPosition): Promise<{ told: readonly Told[]; position: EventPosition }> {
    const told: Told[] = [];
    const head = await this.services.log.head();
    for (let position = from; ;) {
      const batch = await this.services.events.next(this.owner, position, head);
      told.push(...batch.texts.flatMap(toldBy));
      position = batch.position;
      if (batch.texts.length === 0) return { told, position };
    }
  }
}

const placeOf = ({ messageId, ordinal }: { messageId: string; ordinal: number }): string =>
  `${messageId}.${ordinal}`;

function plain({ at, isLate, about, messageId, ordinal }: ModelEvent): readonly unknown[] {
  return [at, isLate ? 'late' : 'changed', about, messageId, ordinal];
}

/** An event by its text; none for a commit. */
function toldBy(text: string): readonly Told[] {
  const [, id = '', type] = /^id: (.*)\nevent: (.*)\n/.exec(text) ?? [];
  if (type !== 'citation.restated') return [];
  const data = JSON.parse(text.slice(text.indexOf('data: ') + 6)) as {
    readonly revision: number;
    readonly messageId: string;
    readonly ordinal: number;
  };
  const { revision: about, messageId, ordinal } = data;
  return [{ id, at: Number(id.split('.')[0]), isLate: id.includes('.late.'), about, messageId, ordinal }];
}
