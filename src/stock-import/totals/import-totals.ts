import { ImportRejected } from '../stock-import.errors.js';
import type { ImportReport, ImportRequest } from '../stock-import.types.js';

type Rows = Pick<ImportReport, 'inserted' | 'corrected' | 'unchanged' | 'rejected'>;

/** Counts what imports came to, dry runs left out. */
export class ImportTotals {
  readonly rows: { -readonly [Outcome in keyof Rows]: number } = {
    inserted: 0,
    corrected: 0,
    unchanged: 0,
    rejected: 0,
  };
  readonly imports = { stored: 0, failed: 0 };

  /** To be called once for each import that was answered with an error, wherever it ended. */
  noteFailed(): void {
    this.imports.failed++;
  }

  /** Runs an import and counts what it stored, and the rows that were wrong. **Errors**: those of `run`; then nothing was stored. */
  async counted(
    { dryRun }: Pick<ImportRequest, 'dryRun'>,
    run: () => Promise<ImportReport>,
  ): Promise<ImportReport> {
    if (dryRun) return run();
    try {
      const report = await run();
      this.imports.stored++;
      for (const outcome of ['inserted', 'corrected', 'unchanged', 'rejected'] as const)
        this.rows[outcome] += report[outcome];
      return report;
    } catch (error) {
      if (error instanceof ImportRejected) this.rows.rejected += error.rejected;
      throw error;
    }
  }
}
