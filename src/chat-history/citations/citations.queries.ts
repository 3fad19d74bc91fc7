import { QuotesService } from '../../stock-data/quotes/quotes.service.js';

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
  const item = `case when now.status is null then c.value::text else ${shownCitation('c.value', 'now')} end`;
  return each(
    m,
    item,
    `left join message_citations p on p.message_id = ${m}.id and p.ordinal = c.place - 1
        ${QuotesService.standing('p', 'now')}`,
  );
}

/** The same for a message whose quoted versions are all known to be current: no look at prices. */
export function currentCitations(m: string): string {
  const quoted = `left(c.value::text, -1) || ',"status":"current"}'`;
  return each(m, `case when c.value ->> 'type' = 'stock-data' then ${quoted} else c.value::text end`);
}

function each(m: string, item: string, joins = ''): string {
  return `case when ${m}.citations @> '[{"type":"stock-data"}]' then (
        select '[' || string_agg(${item}, ',' order by c.place) || ']'
        from jsonb_array_elements(${m}.citations) with ordinality c (value, place)
        ${joins}
      ) else ${m}.citations::text end`;
}
