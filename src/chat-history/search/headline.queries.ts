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

/** The most words of a query that are marked; the others are searched for all the same. */
const MOST_MARKED = 20;

/** A word as PostgreSQL prints it in a query. */
const QUOTED_WORD = String.raw`'(?:[^'\\]|''|\\\\)*'`;

/** A word that no message has, because `search_text` takes it out. */
const NO_WORD = `'${MATCH_BEGINS}'::tsquery`;

/**
 * What is marked in messages of `found` (`language`, `query`). **Shape**: SQL of a common table expression `marking`, a row for each
 * language: `whole`, the query itself, null when it is too long or has a word twice; and `any_word`, any of its first words that a
 * message may have, wherever they stand, each once.
 *
 * **Why** each once: `ts_headline` takes each match once for each place of its word in the query: `x` 450 times over 2,048 of `x` is a
 * million matches, of which it takes the square. Of one word, or twenty different ones, a part takes 5 to 8 ms.
 */
export const MARKING = `
      marking as materialized (
        select l.language, case when w.is_once and numnode(l.query) < ${2 * MOST_MARKED} then l.query end as whole,
          coalesce(w.any_word, ${NO_WORD}) as any_word
        from (select distinct on (language) language, query from found) l
        cross join lateral (
          select bool_and(times = 1) as is_once,
            (string_agg(word, ' | ' order by place) filter (where place <= ${MOST_MARKED}))::tsquery as any_word
          from (
            select m.words[1] as word, count(*) as times, row_number() over (order by min(m.place)) as place
            from regexp_matches(querytree(l.query), $q$${QUOTED_WORD}$q$, 'g') with ordinality m (words, place)
            group by m.words[1]
          ) each_word
        ) w
      )`;

const firstPart = (condition: string): string => `
  (
    select t.part
    from generate_series(0, p.parts - 1) g
    cross join lateral (select ${PART_TEXT} as part offset 0) t
    where ${condition}
    limit 1
  )`;

/**
 * A marked snippet of each message of `found` (`id`, `language`, `content`, `query`), joined to {@link MARKING} by its language.
 * **Shape**: SQL of a lateral subquery `h` with the column `marked`; in the words of `search_text`.
 *
 * Of a long message it is cut from the first part that matches as a whole, or else the first that has any word of the query. Where the
 * words stand too far from each other for one snippet, each is marked by itself. **Why** `offset 0`: the text would be made for each
 * part again.
 */
export const HEADLINE = `
      cross join lateral (
        select case when strpos(w.exact, '${MATCH_BEGINS}') > 0 then w.exact
          else ts_headline(language::regconfig, w.part, any_word, '${OPTIONS}') end as marked
        from (
          select s.part, case when whole is not null then ts_headline(language::regconfig, s.part, whole, '${OPTIONS}') end as exact
          from (
            select case when p.parts = 1 then p.text else coalesce(
                ${firstPart('to_tsvector(language::regconfig, t.part) @@ query')},
                ${firstPart('to_tsvector(language::regconfig, t.part) @@ any_word')},
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
