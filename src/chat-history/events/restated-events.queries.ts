import type { Statement } from '../../database/statement.js';
import { QuotesService } from '../../stock-data/quotes/quotes.service.js';
import { RESTATED_ITEM } from '../citations/restated.queries.js';
import type { EventPosition } from './stream/event-position.js';

/** The restated citations of one owner behind a position, up to those of the revision `last`. */
export interface RestatedEvents {
  readonly ownerId: string;
  readonly after: EventPosition;
  readonly last: number;
  readonly limit: number;
}

/**
 * What is told of somebody's citations: each change that a revision made to a bar quoted before, and each late citation at the revision of
 * its time. **Shape**: rows of that revision, late number (0 for a change), message, ordinal, the revision that the event is about,
 * JSON text; in the order of positions.
 *
 * A late citation is told of no revision up to its own time, whenever one asks: so the events behind a position are the same for every
 * reader, but for what was redacted.
 */
export function restatedEvents({ ownerId, after, last, limit }: RestatedEvents): Statement {
  return {
    name: 'events_restated',
    text: `
      select e.revision::float8, e.late::float8, e.message_id, e.ordinal,
        case when e.late = 0 then e.revision else now.restated_by end::float8, ${RESTATED_ITEM}
      from (
        (
          select r.revision_id as revision, 0::bigint as late, c.message_id, c.ordinal
          from message_citations c
          ${QuotesService.changed('c', 'r')}
          where c.owner_id = $1
            and r.revision_id between $2 and $3
            and (r.revision_id, 0::bigint, c.message_id, c.ordinal) > ($2::bigint, $4::bigint, $5::uuid, $6::smallint)
            and not exists (
              select
              from late_citations l
              where l.message_id = c.message_id and l.ordinal = c.ordinal and l.revision >= r.revision_id)
          order by r.revision_id, c.message_id, c.ordinal
          limit $7
        )
        union all
        (
          select l.revision, l.number, l.message_id, l.ordinal
          from late_citations l
          where l.owner_id = $1
            and l.revision <= $3
            and (l.revision, l.number) > ($2::bigint, $4::bigint)
          order by l.revision, l.number
          limit $7
        )
      ) e
      join message_citations c on c.message_id = e.message_id and c.ordinal = e.ordinal
      join messages m on m.id = c.message_id
      ${QuotesService.standing('c', 'now')}
      where c.owner_id = $1
        and m.owner_id = $1
      order by e.revision, e.late, e.message_id, e.ordinal
      limit $7`,
    values: [ownerId, after.revision, last, after.late, after.messageId, after.ordinal, limit],
  };
}
