import type { DateFormat, Interval, RowError } from '../bars/bar.types.js';
import type { Consequences } from '../versioning/versioning.types.js';
import type { SpooledFile } from './spool/spool-file.js';

/** How the file is written. */
export type FileFormat = 'csv' | 'json' | 'ndjson';

/** One file to import. */
export interface ImportRequest {
  readonly file: SpooledFile;
  readonly format: FileFormat;
  readonly interval: Interval;
  readonly dateFormat: DateFormat | undefined;
  /** The stock that every bar belongs to; null when every row names its own. */
  readonly symbol: string | null;
  /** IANA name of the zone of times without an offset. */
  readonly timezone: string;
  readonly branch: string;
  /** Where the file came from, for the revision. */
  readonly source: string;
  readonly message: string | null;
  readonly authorId: string | null;
  readonly onError: 'abort' | 'skip';
  /** Start tracking symbols that are not tracked yet. */
  readonly track: boolean;
  readonly dryRun: boolean;
  /** Told now and then how far the file was read. **Units**: bytes. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/**
 * What an import did.
 *
 * **Shape**: `revision` is the new one, or the newest there is when nothing changed; null for a dry run. Counts are rows of the file; a row that repeats
 * another one to the letter is not counted. `errors` are the first 100 of `errorCount`.
 */
export interface ImportReport {
  readonly revision: number | null;
  readonly inserted: number;
  readonly corrected: number;
  readonly unchanged: number;
  readonly rejected: number;
  readonly errorCount: number;
  readonly errors: readonly RowError[];
  /** Of a dry run: what would follow for those who quote these bars. */
  readonly consequences?: Consequences | undefined;
}
