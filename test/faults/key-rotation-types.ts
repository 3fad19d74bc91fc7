import type { ConnectionSettings } from '../../src/config/settings.js';
import type { ProcessOptions } from '../integration/encryption/keys-support.js';

/** The logins that processes of a drill use. */
export interface DrillDatabase {
  readonly app: ConnectionSettings;
  readonly owner: ConnectionSettings;
}

/** What one replica does. **Shape**: a lane is a writer; row `i` is written by lane `i % lanes` and by nobody else. */
export interface WorkerJob {
  readonly db: DrillDatabase;
  readonly keys: ProcessOptions;
  readonly userId: string;
  readonly rows: number;
  readonly lanes: number;
  readonly writerLanes: readonly number[];
  readonly readers: number;
}

/** What one replica saw. **Shape**: `acked` is the last count that each row was told to be written with. */
export interface WorkerReport {
  readonly reads: number;
  readonly writes: number;
  readonly decryptionErrors: number;
  readonly staleReads: number;
  readonly failures: readonly string[];
  readonly acked: Readonly<Record<string, number>>;
}

/** What a drill is to do. */
export interface DrillPlan {
  /** Each with two encrypted cells. */
  readonly rows: number;
  readonly writers: number;
  readonly readers: number;
  readonly kills: number;
  /** The control: values are rotated although one of the replicas was never given the new key. */
  readonly onePhase: boolean;
}

/** What came of it. **Units**: milliseconds. */
export interface DrillReport {
  readonly cells: number;
  readonly cellsOnNewKey: number;
  readonly kills: number;
  readonly rotationMs: number;
  readonly reads: number;
  readonly writes: number;
  readonly decryptionErrors: number;
  readonly staleReads: number;
  readonly lostUpdates: number;
  readonly failures: readonly string[];
}
