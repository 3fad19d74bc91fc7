import type { ParsedRow, RowError } from '../../bars/bar.types.js';

/**
 * What came out of one block of input.
 *
 * **Shape**: `rows` and `errors` in file order, both possibly empty; a record with errors is never in `rows`, and may have
 * several. **Units**: `bytesRead` counts from the start of the source, for progress bars.
 */
export interface ParsedBatch {
  readonly rows: ParsedRow[];
  readonly errors: RowError[];
  readonly bytesRead: number;
}

/** Largest record that is accepted, and so the most that is ever buffered of one. **Units**: bytes. */
export const MAX_RECORD_BYTES = 64 * 1024;
