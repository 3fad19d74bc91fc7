import type { BranchesService } from '../../../src/versioning/branches/branches.service.js';
import type { Conflicts } from '../../../src/versioning/branches/branch.types.js';
import type { MergeService } from '../../../src/versioning/merge/merge.service.js';
import type { RevertService } from '../../../src/versioning/merge/revert.service.js';
import type { VersioningService } from '../../../src/versioning/versioning.service.js';
import type { Proposals, VersionedTable } from '../../../src/versioning/versioning.types.js';
import type { Change } from '../../factories/versioned-bars.js';

/** A versioned table in which histories happen: the same ones in any, because versioning knows none of them. */
export interface VersionedWorld {
  readonly table: VersionedTable;
  /** A scope that nobody else uses. */
  newScope(): Promise<number>;
  proposals(scope: number, changes: readonly Change[]): Proposals;
  /** The day that a key stands for, the key being as the database writes it. */
  dayOf(key: string): number;
  /** What a branch shows at a revision, as `day=close`, by day. */
  read(scope: number, at: { readonly branch: string; readonly revision: number }): Promise<string>;
}

/** The services under test. */
export interface VersioningServices {
  readonly versioning: VersioningService;
  readonly branches: BranchesService;
  readonly merges: MergeService;
  readonly reverts: RevertService;
}

/** Conflicts as their keys. */
export async function keysOf(_tx: unknown, { keys }: Conflicts): Promise<readonly { key: string }[]> {
  return keys.map(({ key }) => ({ key }));
}
