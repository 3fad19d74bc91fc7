import fc from 'fast-check';
import { CONFLICT_POLICIES, type ConflictPolicy } from '../../../src/versioning/branches/branch.types.js';
import type { Change } from '../../factories/versioned-bars.js';

/** One thing that happens in a history. Branches and revisions are chosen by number, modulo how many there are. */
export type Step =
  | {
      readonly kind: 'commit';
      readonly branch: number;
      readonly changes: readonly Change[];
      readonly dryRun: boolean;
    }
  | { readonly kind: 'fork'; readonly parent: number; readonly at: number | null }
  | {
      readonly kind: 'merge';
      readonly branch: number;
      readonly onConflict: ConflictPolicy;
      readonly dryRun: boolean;
    }
  | { readonly kind: 'revert'; readonly revision: number; readonly dryRun: boolean }
  | { readonly kind: 'discard'; readonly branch: number }
  | { readonly kind: 'hold'; readonly branch: number; readonly revision: number };

// Few days and few prices, so that the same bar is changed, withdrawn and brought back again and again.
const change: fc.Arbitrary<Change> = fc.record({
  day: fc.integer({ min: 0, max: 5 }),
  close: fc.option(fc.constantFrom('1', '1.5', '2', '0.00000001', '99999.99'), { nil: null, freq: 4 }),
});
const pick = fc.nat(30);
const dryRun = fc.boolean().chain((dry) => (dry ? fc.boolean() : fc.constant(false)));

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      branch: pick,
      changes: fc.uniqueArray(change, { minLength: 1, maxLength: 5, selector: (item) => item.day }),
      dryRun,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('fork' as const),
      parent: pick,
      at: fc.option(pick, { nil: null }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('merge' as const),
      branch: pick,
      onConflict: fc.constantFrom(...CONFLICT_POLICIES),
      dryRun,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('revert' as const), revision: pick, dryRun }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('discard' as const), branch: pick }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('hold' as const), branch: pick, revision: pick }),
  },
);

/** Any history. */
export const history: fc.Arbitrary<readonly Step[]> = fc.array(step, { minLength: 3, maxLength: 18 });
