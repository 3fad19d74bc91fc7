import { Injectable } from '@nestjs/common';
import { SqlService } from '../../database/sql.service.js';
import { RevisionLogService } from '../../versioning/revisions/revision-log.service.js';
import { lastLateNumber, newestLate } from '../citations/late-citations.queries.js';
import type { HistoryOwner } from '../history-owner.types.js';
import { restatedEvents } from './restated-events.queries.js';
import { behindLate, commitId, eventId, type EventPosition } from './stream/event-position.js';
import { eventText } from './stream/event-text.js';

const MAX_REVISIONS = 100;
const MAX_RESTATED = 200;

/** Events from a position on. **Shape**: `position` is behind the last of them. */
export interface EventBatch {
  readonly texts: readonly string[];
  readonly position: EventPosition;
}

interface Restated {
  readonly position: EventPosition;
  readonly text: string;
}

/** The place where everybody's late citations are numbered. */
const ANYBODYS = { purpose: 'restatement' } as const;

/**
 * The events of one owner, read off the commit log of stock data: each revision, and behind it those of the owner's citations whose bar
 * it changed, and those that were stored at its time and restated already.
 *
 * **Why** no table of events: the log is written in the transaction of the change, is numbered in the order of the commits without
 * gaps, and what a revision restated follows from it. So nothing is fanned out when a price is corrected, nothing is to be purged, and
 * every replica says the same.
 */
@Injectable()
export class EventLogService {
  constructor(
    private readonly sql: SqlService,
    private readonly log: RevisionLogService,
  ) {}

  /** The next events up to `head`, a revision that can be seen. **Shape**: no text, and the same position, when there are none. */
  async next(owner: HistoryOwner, from: EventPosition, head: number): Promise<EventBatch> {
    const all = from.revision < head ? await this.log.after(from.revision, MAX_REVISIONS) : [];
    const revisions = all.filter(({ id }) => id <= head);
    const last = revisions.at(-1)?.id ?? from.revision;
    const restated = await this.restated(owner, from, last);
    // Cut off, the batch ends with the last citation that was read: later commits belong behind the rest of them.
    const cut = restated.length === MAX_RESTATED ? restated.at(-1)?.position : undefined;
    const end = cut?.revision ?? last;
    const texts = this.merged(
      revisions.filter(({ id }) => id <= end),
      restated,
    );
    const newest = restated.at(-1)?.position ?? from;
    return { texts, position: cut ?? behindLate(last, newest.revision === last ? newest.late : 0) };
  }

  /** The newest late citation of each of these owners. **Shape**: its number; no entry for an owner without any. */
  async newestLate(ownerIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const rows = await this.sql.readAs(ANYBODYS, newestLate(ownerIds));
    return new Map(rows.map(([id, number]) => [String(id), Number(number)]));
  }

  /** The highest number that a late citation was ever given. */
  async lastLateNumber(): Promise<number> {
    return Number((await this.sql.readOne(lastLateNumber()))?.[0]);
  }

  private async restated(
    owner: HistoryOwner,
    after: EventPosition,
    last: number,
  ): Promise<readonly Restated[]> {
    const statement = restatedEvents({ ownerId: owner.id, after, last, limit: MAX_RESTATED });
    const rows = await this.sql.readAs(owner, statement);
    return rows.map(([revision, late, messageId, ordinal, about, json]) => {
      const position = {
        ...{ revision: Number(revision), late: Number(late) },
        ...{ messageId: String(messageId), ordinal: Number(ordinal) },
      };
      const body = `{"revision":${Number(about)},${(json as string).slice(1)}`;
      return { position, text: eventText({ id: eventId(position), type: 'citation.restated', json: body }) };
    });
  }

  /** Each commit before what it restated; those of a revision before the first commit here come first of all. */
  private merged(
    revisions: readonly { readonly id: number; readonly json: string }[],
    restated: readonly Restated[],
  ): readonly string[] {
    const byRevision = Map.groupBy(restated, ({ position }) => position.revision);
    const textsOf = (id: number): readonly string[] => (byRevision.get(id) ?? []).map(({ text }) => text);
    const begun = restated[0]?.position.revision;
    const isBegun = begun !== undefined && !revisions.some(({ id }) => id === begun);
    return [
      ...(isBegun ? textsOf(begun) : []),
      ...revisions.flatMap(({ id, json }) => [
        eventText({ id: commitId(id), type: 'revision.committed', json }),
        ...textsOf(id),
      ]),
    ];
  }
}
