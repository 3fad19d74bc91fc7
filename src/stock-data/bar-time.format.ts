import type { Interval } from '../bars/bar.types.js';
import { instant, tradingDay } from '../bars/times.dto.js';
import { DomainError } from '../common/errors.js';

/** A bar's time that is not one, or that does not fit the interval. */
export class InvalidBarTime extends DomainError {
  constructor(message: string) {
    super('invalid', 'validation-failed', 'The request does not have the expected form.', {
      errors: [{ path: 'time', message }],
    });
  }
}

/**
 * The interval and instant that name one bar. A day names a daily bar; an instant needs `?interval=`, because the same
 * instant may begin a bar of each.
 *
 * **Shape**: `ts` in RFC 3339 UTC. **Errors**: `InvalidBarTime`.
 */
export function barTime(time: string, interval: Interval | undefined): { interval: Interval; ts: string } {
  const day = tradingDay.safeParse(time);
  if (day.success) {
    if (interval !== undefined && interval !== '1d')
      throw new InvalidBarTime(`must be an instant for interval ${interval}`);
    return { interval: '1d', ts: `${day.data}T00:00:00.000Z` };
  }
  const at = instant.safeParse(time);
  if (!at.success)
    throw new InvalidBarTime('must be a day such as 2026-01-31 or an instant such as 2026-01-31T14:30:00Z');
  if (interval === undefined) throw new InvalidBarTime('needs ?interval= when it is an instant');
  if (interval === '1d') throw new InvalidBarTime('must be a day for interval 1d');
  return { interval, ts: at.data };
}

/** The bounds of a range as instants: a day as lower bound begins it, as upper bound includes all of it. */
export function rangeBounds(
  from: string | undefined,
  to: string | undefined,
): { from: string | null; to: string | null } {
  return {
    from: from === undefined ? null : from.includes('T') ? from : `${from}T00:00:00Z`,
    to: to === undefined ? null : to.includes('T') ? to : `${to}T23:59:59.999999Z`,
  };
}
