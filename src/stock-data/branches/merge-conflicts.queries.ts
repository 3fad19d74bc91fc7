import type { Statement } from '../../database/statement.js';
import type { Conflicts } from '../../versioning/branches/branch.types.js';
import { timeMember } from '../bar.format.js';
import { eitherBarOrNull, joinShown } from '../shown-bar.queries.js';

/**
 * Bars in conflict. **Shape**: rows of JSON text `{ symbol, interval, date | ts, base, ours, theirs }`, in the order of the keys; each
 * of the three is the bar, or null where that side shows none.
 */
export function conflictingBars({ keys, base, ours, theirs }: Conflicts): Statement {
  const values: unknown[] = [keys.map(({ scope }) => scope), keys.map(({ key }) => key)];
  const sides = [joinShown('b', base, values), joinShown('o', ours, values), joinShown('t', theirs, values)];
  return {
    name: 'conflicting_bars',
    text: `
      select format('{"symbol":%s,"interval":"%s",%s,"base":%s,"ours":%s,"theirs":%s}',
        to_json(s.symbol), x."interval", ${timeMember('k')},
        ${eitherBarOrNull('b')}, ${eitherBarOrNull('o')}, ${eitherBarOrNull('t')})
      from unnest($1::int[], $2::timestamptz[]) k (series_id, ts)
      join stock_series x on x.id = k.series_id
      join tracked_stocks s on s.id = x.tracked_stock_id
      ${sides.join('\n      ')}
      order by k.series_id, k.ts`,
    values,
    prepared: false,
  };
}
