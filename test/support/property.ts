import fc from 'fast-check';

/** How many cases, and for how long. **Units**: milliseconds. */
interface PropertyInput {
  readonly runs: number;
  readonly limitMs: number;
}

/** Values of a property, each from an arbitrary of its own. */
type Arbitraries<T extends [unknown, ...unknown[]]> = { [K in keyof T]: fc.Arbitrary<T[K]> };

/**
 * Asserts a property with {@link propertyOptions}. **Errors**: the counterexample.
 *
 * **Why** not `fc.assert` alone: the case that its time limit interrupts goes on, beside the next test and in the same database. It is
 * waited for here, and has to hold like the others.
 */
export async function assertProperty<T extends [unknown, ...unknown[]]>(
  arbitraries: Arbitraries<T>,
  holds: (...values: T) => Promise<void>,
  input: PropertyInput,
): Promise<void> {
  let last = Promise.resolve();
  const property = fc.asyncProperty<T>(...arbitraries, (...values) => (last = holds(...values)));
  await fc.assert(property, propertyOptions(input));
  await last;
}

/**
 * Options of a property test: a seed of its own each time, printed with the counterexample, or the one that
 * `STOCKROOM_TEST_SEED` names, and an end after a while however many cases that were.
 */
export function propertyOptions(input: PropertyInput): {
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
