import { MATCH_BEGINS, MATCH_ENDS } from './snippet.js';

/** How `ts_headline` cuts: two parts of at most two dozen words each. */
const OPTIONS = [
  `StartSel=${MATCH_BEGINS}`,
  `StopSel=${MATCH_ENDS}`,
  'MaxFragments=2',
  'MaxWords=24',
  'MinWords=8',
  'FragmentDelimiter=" … "',
].join(', ');

/**
 * How much of a message is cut into a snippet at once, and how far the next such part is. **Units**: characters. **Why**: `ts_headline`
 * takes the square of the number of matches: 600 ms for a word all over 64 KiB, 4 ms for it all over such a part.
 */
const PART = 4_096;
const STEP = 3_584;

/** More than the longest word that is looked at where a part is cut. **Units**: characters. */
const EDGE = 64;

/** Part `g` of the text. A word that the cut goes through is left out: its half is another word. */
const PART_TEXT = `
  case
    when p.parts = 1 then p.text
    else regexp_replace(substr(p.text, 1 + g * ${STEP}, ${PART - EDGE}), case when g > 0 then '^[[:alnum:]]+' else '^$' end, '')
      || regexp_replace(substr(p.text, ${1 + PART - EDGE} + g * ${STEP}, ${EDGE}), case when g < p.parts - 1 then '[[:alnum:]]+$' else '^$' end, '')
  end`;

/** Any of the words of a query that a message may have, wherever they stand. A query of nothing but what must not occur stays. */
const ANY_WORD = `
  case
    when querytree(query) in ('', 'T') then query
    else regexp_replace(querytree(query), ' (&|<(-|[0-9]+)>) ', ' | ', 'g')::tsquery
  end`;

const firstPart = (condition: string): string => `
  (
    select t.part
    from generate_series(0, p.parts - 1) g
    cross join lateral (select ${PART_TEXT} as part offset 0) t
    where ${condition}
    limit 1
  )`;

/**
 * A marked snippet of each message of `found` (`id`, `language`, `content`, `query`). **Shape**: SQL of a lateral subquery `h` with the
 * column `marked`; in the words of `search_text`.
 *
 * Of a long message it is cut from the first part that matches as a whole, or else the first that has any word of the query. Where the
 * words stand too far from each other for one snippet, each is marked by itself. **Why** `offset 0`: the text would be made for each
 * part again.
 */
export const HEADLINE = `
      cross join lateral (
        select case when strpos(w.exact, '${MATCH_BEGINS}') > 0 then w.exact
          else ts_headline(language::regconfig, w.part, ${ANY_WORD}, '${OPTIONS}') end as marked
        from (
          select s.part, ts_headline(language::regconfig, s.part, query, '${OPTIONS}') as exact
          from (
            select case when p.parts = 1 then p.text else coalesce(
                ${firstPart('to_tsvector(language::regconfig, t.part) @@ query')},
                ${firstPart(`to_tsvector(language::regconfig, t.part) @@ (${ANY_WORD})`)},
                left(p.text, ${PART})
              ) end as part
            from (
              select search_text(content) as text,
                greatest(1, ceil((length(content) - ${PART})::numeric / ${STEP})::integer + 1) as parts
              offset 0
            ) p
            offset 0
          ) s
          offset 0
        ) w
      ) h`;
