import { Injectable } from '@nestjs/common';
import { SqlService } from '../../database/sql.service.js';
import { RevisionLogService } from '../../versioning/revisions/revision-log.service.js';
import { restatedBetween, type RestatedPosition } from '../citations/restated.queries.js';
import type { HistoryOwner } from '../history-owner.types.js';
import { commitId, restatedId, type EventPosition } from './stream/event-position.js';
import { eventText } from './stream/event-text.js';

const MAX_REVISIONS = 100;
const MAX_RESTATED = 200;

/** Events from a position on. **Shape**: `position` is behind the last of them. */
export interface EventBatch {
  readonly texts: readonly string[];
  readonly position: EventPosition;
}

interface Restated {
  readonly position: RestatedPosition;
  readonly json: string;
}

/**
 * The events of one owner, read off the commit log of stock data: each revision, and behind it those of the owner's citations that it
 * restated.
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
    if (from.isDone && from.revision >= head) return { texts: [], position: from };
    const all = await this.log.after(from.revision, MAX_REVISIONS);
    const revisions = all.filter(({ id }) => id <= head);
    const last = revisions.at(-1)?.id ?? from.revision;
    const first = from.isDone ? from.revision + 1 : from.revision;
    if (last < first) return { texts: [], position: from };
    const restated = await this.restated(owner, { first, last, after: from.after });
    const isCut = restated.length === MAX_RESTATED;
    // Cut off, the batch ends with the last citation that was read: later commits belong behind the rest of them.
    const cut = isCut ? restated.at(-1) : undefined;
    const end = cut?.position[0] ?? last;
    const texts = this.merged(
      revisions.filter(({ id }) => id <= end),
      restated,
    );
    return { texts, position: { revision: end, after: cut?.position ?? null, isDone: !isCut } };
  }

  private async restated(
    owner: HistoryOwner,
    between: { readonly first: number; readonly last: number; readonly after: RestatedPosition | null },
  ): Promise<readonly Restated[]> {
    const statement = restatedBetween({ ...between, ownerId: owner.id, limit: MAX_RESTATED });
    const rows = await this.sql.readAs(owner, statement);
    return rows.map(([revision, messageId, ordinal, json]) => ({
      position: [Number(revision), String(messageId), Number(ordinal)],
      json: json as string,
    }));
  }

  /** Each commit before what it restated; those of a revision before the first commit here come first of all. */
  private merged(
    revisions: readonly { readonly id: number; readonly json: string }[],
    restated: readonly Restated[],
  ): readonly string[] {
    const byRevision = Map.groupBy(restated, ({ position }) => position[0]);
    const [begun] = restated;
    const isBegun = begun !== undefined && !revisions.some(({ id }) => id === begun.position[0]);
    return [
      ...(isBegun ? (byRevision.get(begun.position[0]) ?? []).map(restatedText) : []),
      ...revisions.flatMap(({ id, json }) => [
        eventText({ id: commitId(id), type: 'revision.committed', json }),
        ...(byRevision.get(id) ?? []).map(restatedText),
      ]),
    ];
  }
}

function restatedText({ position, json }: Restated): string {
  const body = `{"revision":${position[0]},${json.slice(1)}`;
  return eventText({ id: restatedId(position), type: 'citation.restated', json: body });
}
