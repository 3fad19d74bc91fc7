import type { Statement } from '../../database/statement.js';
import type { LineageSegment } from '../../versioning/versioning.types.js';
import { eitherBar } from '../shown-bar.queries.js';

/** A page of what a revision changed. `after` is the series and time of the last one of the page before. */
export interface ChangesPage {
  readonly revision: number;
  /** The revision's branch, then its ancestors as it saw them: where an old bar that was inherited stands. */
  readonly lineage: readonly LineageSegment[];
  readonly after: readonly [series: number, ts: string] | null;
  readonly limit: number;
}

/**
 * The bars that a revision changed, old beside new, by series and time.
 *
 * **Shape**: rows of series, ts, JSON text `{ symbol, interval, kind, old, new }`; one more than `limit` when there are more.
 * `old` is null for a bar that was not shown before, `new` for one that was withdrawn.
 *
 * The versions are found by the span that the revision touched in each series, in the order of the primary key; the old
 * version of each is one look-up of that key.
 */
export function revisionChanges(page: ChangesPage): Statement {
  const [own, ...ancestors] = page.lineage;
  const values: unknown[] = [
    page.revision,
    own?.branchId,
    page.after?.[0] ?? null,
    page.after?.[1] ?? null,
    page.limit + 1,
  ];
  const olds = [
    `select o.*, 0 as depth from stock_data o
      where o.series_id = n.series_id and o.branch_id = $2 and o.ts = n.ts and o.valid_to = $1`,
    ...ancestors.map((segment, index) => {
      values.push(segment.branchId, segment.revision);
      return `select o.*, ${index + 1} as depth from stock_data o
        where o.series_id = n.series_id and o.branch_id = $${values.length - 1} and o.ts = n.ts
          and o.valid_from <= $${values.length} and o.valid_to > $${values.length}`;
    }),
  ];
  return {
    name: `revision_changes_${olds.length}`,
    text: `
      select n.series_id, n.ts, format('{"symbol":%s,"interval":"%s","kind":"%s","old":%s,"new":%s}',
        to_json(s.symbol), x."interval",
        case when n.withdrawn then 'withdrawn' when o.withdrawn is false then 'corrected' else 'inserted' end,
        case when o.withdrawn is false then ${eitherBar('o')} else 'null' end,
        case when n.withdrawn then 'null' else ${eitherBar('n')} end)
      from (
        select v.*
        from revision_series t
        cross join lateral (
          select v.*
          from stock_data v
          where v.series_id = t.series_id
            and v.branch_id = $2
            and v.ts between t.first_ts and t.last_ts
            and v.valid_from = $1
            and ($3::int is null or v.series_id > $3 or v.ts > $4)
          order by v.ts
          limit $5
        ) v
        where t.revision_id = $1 and ($3::int is null or t.series_id >= $3)
        order by v.series_id, v.ts
        limit $5
      ) n
      join stock_series x on x.id = n.series_id
      join tracked_stocks s on s.id = x.tracked_stock_id
      left join lateral (select * from (${olds.join(' union all ')}) u order by u.depth limit 1) o on true
      order by n.series_id, n.ts`,
    values,
  };
}
