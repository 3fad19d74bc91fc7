import { appendFileSync } from 'node:fs';

/**
 * Appends the counts of this run to the file that `TEST_COUNTS_FILE` names, so that several runs can be summed up.
 * A test file that could not run at all counts as one failure.
 *
 * **Shape**: one line a run: passed, failed and skipped, separated by spaces.
 */
export default class CountReporter {
  onRunComplete(_contexts, results) {
    const file = process.env.TEST_COUNTS_FILE;
    if (!file) return;
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    appendFileSync(file, `${results.numPassedTests} ${failed} ${skipped}\n`);
  }
}
