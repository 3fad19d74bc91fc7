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

  /** Runs an import and counts it. **Errors**: those of `run`; then nothing was stored, whatever it was. */
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
      this.imports.failed++;
      throw error;
    }
  }
}
