/**
 * Options of a property test: a seed of its own each time, printed with the counterexample, or the one that
 * `STOCKROOM_TEST_SEED` names, and an end after a while however many cases that were.
 */
export function propertyOptions(input: { readonly runs: number; readonly limitMs: number }): {
  seed: number;
  numRuns: number;
  interruptAfterTimeLimit: number;
  markInterruptAsFailure: boolean;
} {
  const given = process.env.STOCKROOM_TEST_SEED;
  return {
    seed: given === undefined ? Date.now() | 0 : Number(given),
    numRuns: input.runs,
    interruptAfterTimeLimit: input.limitMs,
    // What ran until then has held; a first case that does not end is the test's own time limit.
    markInterruptAsFailure: false,
  };
}
