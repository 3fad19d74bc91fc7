import type { CellsReport } from '../keys/keys.types.js';

/** One citation that does not lead to what it quotes. **Shape**: `ordinal` is its place among those of its message, from 0. */
export interface CitationFault {
  readonly messageId: string;
  readonly ordinal: number;
  readonly fault: string;
}

/** What following every citation came to. **Shape**: of the faults, the first hundred are named. */
export interface CitationsReport {
  readonly messages: number;
  readonly citations: number;
  readonly faults: number;
  readonly faultyCitations: readonly CitationFault[];
}

/** A version of a bar that does not end where the next one begins. **Shape**: `revision` brought it; what is unknown of it is null. */
export interface VersionFault {
  readonly symbol: string | null;
  readonly interval: string | null;
  readonly branch: string | null;
  /** When the bar is, in RFC 3339. */
  readonly time: string;
  readonly revision: number;
  readonly fault: string;
}

/** What following the versions of every bar came to. **Shape**: of the faults, the first hundred are named. */
export interface VersionsReport {
  readonly versions: number;
  readonly faults: number;
  readonly faultyVersions: readonly VersionFault[];
}

/** What one revision did, as one number. **Shape**: `checksum` is SHA-256 in hex, the same on every server that has the revision. */
export interface RevisionChecksum {
  readonly revision: number;
  readonly checksum: string;
}

/** A revision that is not what it says of itself, or not what it was. */
export interface RevisionFault {
  readonly revision: number;
  readonly fault: string;
}

/** What looking at revisions came to. **Shape**: `beyond` counts those of an earlier report that are newer than this store's newest. */
export interface RevisionsReport {
  readonly head: number;
  readonly checksums: readonly RevisionChecksum[];
  readonly faults: readonly RevisionFault[];
  readonly beyond: number;
}

/** Whether a store is whole. */
export interface VerificationReport {
  readonly cells: CellsReport;
  readonly citations: CitationsReport;
  readonly revisions: RevisionsReport;
  readonly versions: VersionsReport;
}

/** What to look at. **Shape**: `expected` are checksums of an earlier report, looked at beside a sample of `sample` revisions. */
export interface VerificationOptions {
  readonly sample: number;
  readonly expected: readonly RevisionChecksum[];
}
