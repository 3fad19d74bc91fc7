import type { AsOf } from '../versioning/versioning.service.js';
import type { Consequences } from '../versioning/versioning.types.js';
import type { Interval } from '../bars/bar.types.js';

/** Where and when a read of bars looks. */
export interface BarScope {
  readonly symbol: string;
  readonly interval: Interval;
  readonly branch: string;
  readonly asOf: AsOf | undefined;
  /** The oldest revision that may be taken for "now": a replica that has not got that far is not asked. */
  readonly minRevision?: number | undefined;
}

/** What a list of bars asks for. **Units**: `from` and `to` are instants in RFC 3339 UTC, inclusive; null is open. */
export interface BarRange extends BarScope {
  readonly from: string | null;
  readonly to: string | null;
  readonly order: 'asc' | 'desc';
  /** What was asked for, which a cursor belongs to. */
  readonly source?: 'stored' | 'computed' | undefined;
}

/** A page of bars, its body ready to send. */
export interface BarPageText {
  readonly body: string;
  readonly nextCursor: string | null;
}

/** Who changes a bar, where and why. */
export interface BarChange {
  readonly symbol: string;
  readonly interval: Interval;
  readonly branch: string;
  /** RFC 3339 UTC; midnight for a daily bar. */
  readonly ts: string;
  readonly message: string | null;
  readonly authorId: string | null;
  readonly ifMatch: string | undefined;
  readonly dryRun: boolean;
}

/** A bar as a change left it, its JSON ready to send. **Shape**: `revision` is the one that brought it, null for a dry run. */
export interface ChangedBarText {
  readonly json: string;
  readonly revision: number | null;
  /** Of a dry run. */
  readonly consequences?: Consequences | undefined;
}
