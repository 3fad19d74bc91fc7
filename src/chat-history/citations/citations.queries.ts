import type { Statement } from '../../database/statement.js';
import { QuotesService } from '../../stock-data/quotes/quotes.service.js';
import type { Pin } from './citations.types.js';

/** Keeps which versions the citations of a message quote. */
export function insertPins(message: {
  readonly messageId: string;
  readonly ownerId: string;
  readonly pins: readonly Pin[];
}): Statement {
  const { messageId, ownerId, pins } = message;
  return {
    name: 'citation_pins_insert',
    text: `
      insert into message_citations (message_id, owner_id, ordinal, series_id, branch_id, ts, revision)
      select $1, $2, p.*
      from unnest($3::smallint[], $4::int[], $5::smallint[], $6::timestamptz[], $7::bigint[]) p`,
    values: [
      messageId,
      ownerId,
      pins.map(({ ordinal }) => ordinal),
      pins.map(({ seriesId }) => seriesId),
      pins.map(({ branchId }) => branchId),
      pins.map(({ ts }) => ts),
      pins.map(({ revision }) => revision),
    ],
  };
}

/** How a pinned version stands, as members to put behind those of its citation. `now` is joined by {@link standing}. */
function standingMembers(now: string): string {
  return `',"status":"' || ${now}.status || '"' || case when ${now}.status = 'current' then ''
          else ',"current":' || ${now}.bar || ',"restatedBy":' || ${now}.restated_by
            || ',"currentRevision":' || ${now}.changed_by end`;
}

/** SQL of one stored citation `json` (jsonb) as it is shown, as JSON text. `now` is joined by `QuotesService.standing`. */
export function shownCitation(json: string, now: string): string {
  return `left(${json}::text, -1) || ${standingMembers(now)} || '}'`;
}

/**
 * SQL of the citations of a message `m` as they are shown, as JSON text: stock data with its status and, unless that is current, the
 * current bar. A message without such a citation costs one look at what is stored with it.
 */
export function shownCitations(m: string): string {
  return `case when ${m}.citations @> '[{"type":"stock-data"}]' then (
        select '[' || string_agg(
          case when now.status is null then c.value::text else ${shownCitation('c.value', 'now')} end,
          ',' order by c.place) || ']'
        from jsonb_array_elements(${m}.citations) with ordinality c (value, place)
        left join message_citations p on p.message_id = ${m}.id and p.ordinal = c.place - 1
        ${QuotesService.standing('p', 'now')}
      ) else ${m}.citations::text end`;
}
