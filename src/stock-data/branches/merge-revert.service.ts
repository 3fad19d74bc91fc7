import { Injectable } from '@nestjs/common';
import { exactJson } from '../../common/json-text.js';
import type { ChangeReport, DescribeConflicts } from '../../versioning/branches/branch.types.js';
import { MergeService, type MergeRequest } from '../../versioning/merge/merge.service.js';
import { RevertService, type RevertRequest } from '../../versioning/merge/revert.service.js';
import { BARS } from '../bars.types.js';
import { conflictingBars } from './merge-conflicts.queries.js';

/** Merges and reverts of bars. */
@Injectable()
export class MergeRevertService {
  constructor(
    private readonly merges: MergeService,
    private readonly reverts: RevertService,
  ) {}

  /** Merges a branch into its parent. **Errors**: those of `MergeService.merge`. */
  async merge(request: MergeRequest): Promise<ChangeReport> {
    return this.merges.merge(BARS, request, describeBars);
  }

  /** Undoes a revision by a new one. **Errors**: those of `RevertService.revert`. */
  async revert(request: RevertRequest): Promise<ChangeReport> {
    return this.reverts.revert(BARS, request, describeBars);
  }
}

const describeBars: DescribeConflicts = async (tx, conflicts) =>
  (await tx.run(conflictingBars(conflicts))).map(
    ([json]) => exactJson(json as string) as Readonly<Record<string, unknown>>,
  );
