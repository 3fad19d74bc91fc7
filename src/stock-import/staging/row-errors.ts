import type { RowError } from '../../bars/bar.types.js';

/** How many errors a report names; the rest is counted. */
const REPORTED = 100;

/** Collects what is wrong with rows: the first errors in full, the number of all, and how many rows they are about. */
export class RowErrors {
  readonly first: RowError[] = [];
  count = 0;
  rows = 0;
  private lastLine = -1;

  /** Adds errors in file order; several may be about one line. */
  add(errors: readonly RowError[]): void {
    for (const error of errors) {
      this.count++;
      if (error.line !== this.lastLine) this.rows++;
      this.lastLine = error.line;
      if (this.first.length < REPORTED) this.first.push(error);
    }
  }
}
