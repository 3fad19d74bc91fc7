import type { Interval } from '../../bars/bar.types.js';
import type { Statement } from '../../database/statement.js';
import { StoreHistory } from '../../versioning/points/store-history.service.js';
import type { ReadPoint } from '../../versioning/versioning.types.js';
import { barMembers } from '../bar.format.js';

/** A page of the versions of one bar. **Shape**: `before` is the `validFrom` of the last one of the page before; null from the newest on. */
export interface VersionPage {
  readonly seriesId: number;
  readonly interval: Interval;
  readonly point: ReadPoint;
  readonly ts: string;
  readonly before: number | null;
  readonly limit: number;
}

/**
 * The versions of one bar that a branch shows or showed, newest first: its own, and those of its ancestors up to each fork.
 *
 * **Shape**: one row: head; the versions as JSON text, joined (null when there are none); the `validFrom` of the last of them when there are
 * more, else null. A withdrawn stretch is a version with null prices.
 * **Why** a version ends where the next one of the list begins: that is when this branch began to show another one. On its own branch
 * an ancestor's version may still be open, or have ended at a revision that this branch never sees.
 */
export function barVersions({ seriesId, interval, point, ts, before, limit }: VersionPage): Statement {
  const values: unknown[] = [seriesId, ts, before, limit];
  const segments = point.lineage.map((segment) => {
    values.push(segment.branchId, segment.revision);
    return `($${values.length - 1}::smallint, $${values.length}::bigint)`;
  });
  return {
    name: `bar_versions_${interval}_${segments.length}`,
    text: `
      select
        ${StoreHistory.head()},
        string_agg(
          format('{%s,"withdrawn":%s,"validFrom":%s,"validTo":%s,"branch":%s,"revision":%s}',
            ${barMembers(interval, 'v')},
            v.withdrawn::text,
            v.valid_from,
            coalesce(v.next_from::text, 'null'),
            to_json(b.name),
            (select row_to_json(j)
              from (
                select r.id, r.kind, r.source, r.message, r.author_id as "authorId",
                  to_char(r.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "createdAt"
              ) j)),
          ',' order by v.valid_from desc) filter (where v.place <= $4),
        case when count(*) > $4 then min(v.valid_from) filter (where v.place <= $4) end::float8
      from (
        select
          v.*,
          row_number() over (order by v.valid_from desc) as place,
          coalesce(lag(v.valid_from) over (order by v.valid_from desc), $3::bigint) as next_from
        from (values ${segments.join(', ')}) l (branch_id, revision)
        join stock_data v on v.branch_id = l.branch_id and v.valid_from <= l.revision
        where v.series_id = $1 and v.ts = $2 and ($3::bigint is null or v.valid_from < $3)
        order by v.valid_from desc
        limit $4::int + 1
      ) v
      join branches b on b.id = v.branch_id
      join revisions r on r.id = v.valid_from`,
    values,
  };
}
