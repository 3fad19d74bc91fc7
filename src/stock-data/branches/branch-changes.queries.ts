import type { Statement } from '../../database/statement.js';
import type { LineageSegment } from '../../versioning/versioning.types.js';
import { eitherBarOrNull, joinShown } from '../shown-bar.queries.js';

/** A page of what a branch changed. `after` is the series and time of the last one of the page before. */
export interface BranchChangesPage {
  /** The branch at the revision that is read, then its ancestors as it sees them. */
  readonly lineage: readonly LineageSegment[];
  readonly after: readonly [series: number, ts: string] | null;
  readonly limit: number;
}

/**
 * The bars that a branch shows otherwise than its parent did at the fork, old beside new, by series and time.
 *
 * **Shape**: rows of head revision, series, ts, JSON text `{ symbol, interval, kind, old, new }`; one more than `limit` when there
 * are more. What was changed and changed back is no change.
 *
 * The versions are found by the spans that the branch's revisions touched in each series, in the order of the primary key. A span of one
 * branch, and a look for each revision: see `scopesOfBranch`.
 */
export function branchChanges(page: BranchChangesPage): Statement {
  const [own, ...ancestors] = page.lineage;
  const values: unknown[] = [
    own?.branchId,
    own?.revision,
    page.after?.[0] ?? null,
    page.after?.[1] ?? null,
    page.limit + 1,
  ];
  const old = joinShown('o', ancestors, values);
  const shown = (alias: string): string =>
    `(coalesce(not ${alias}.withdrawn, false), ${alias}."open", ${alias}.high, ${alias}.low, ${alias}."close", ${alias}.adj_close, ${alias}.volume)`;
  return {
    name: `branch_changes_${page.lineage.length}`,
    text: `
      select (select coalesce(max(id), 0)::float8 from revisions), c.series_id, c.ts, c.change
      from (select 1) one
      left join lateral (
        select d.*
        from (
          select t.series_id, min(t.first_ts) as first_ts, max(t.last_ts) as last_ts
          from revisions r
          cross join lateral (select t.* from revision_series t where t.revision_id = r.id offset 0) t
          where r.branch_id between $1 and $1 and r.id <= $2 and ($3::int is null or t.series_id >= $3)
          group by t.series_id
        ) t
        join stock_series x on x.id = t.series_id
        join tracked_stocks s on s.id = x.tracked_stock_id
        cross join lateral (
          select k.series_id, k.ts, format('{"symbol":%s,"interval":"%s","kind":"%s","old":%s,"new":%s}',
            to_json(s.symbol), x."interval",
            case when k.withdrawn then 'withdrawn' when o.withdrawn is false then 'corrected' else 'inserted' end,
            ${eitherBarOrNull('o')}, ${eitherBarOrNull('k')}) as change
          from stock_data k
          ${old}
          where k.series_id = t.series_id
            and k.branch_id = $1
            and k.ts between t.first_ts and t.last_ts
            and k.valid_from <= $2 and k.valid_to > $2
            and ($3::int is null or k.series_id > $3 or k.ts > $4)
            and ${shown('k')} is distinct from ${shown('o')}
          order by k.ts
          limit $5
        ) d
        order by d.series_id, d.ts
        limit $5
      ) c on true
      order by c.series_id, c.ts`,
    values,
  };
}
