/** How often a replica that is behind is looked at again; until then its reads go elsewhere. **Units**: milliseconds. */
const LOOK_AGAIN_MS = 50;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** While somebody tries a replica that had failed, others do not wait with them. **Units**: milliseconds. */
const TRIAL_MS = 3_000;

/**
 * What is known of one replica: how far it has got, and whether it is worth asking.
 *
 * **Why** the position is kept: what a replica has replayed it keeps, so it only grows, and a replica that has got far enough is not
 * looked at again. A failure forgets it, because whoever answers at that address later may be another server.
 */
export class ReplicaState {
  private position = 0;
  private lookedAt = Number.NEGATIVE_INFINITY;
  private failures = 0;
  private closedUntil = Number.NEGATIVE_INFINITY;

  /** Whether the replica was seen at this position or behind it. */
  has(position: number): boolean {
    return this.failures === 0 && this.position >= position;
  }

  /**
   * Whether to ask the replica now. **Units**: `now` in milliseconds of a clock that only grows. Saying yes counts as the look, so
   * that of many requests at once one finds out and the others go to the primary.
   */
  claim(position: number, now: number): boolean {
    if (now < this.closedUntil) return false;
    if (this.has(position)) return true;
    if (now < this.lookedAt + LOOK_AGAIN_MS) return false;
    this.lookedAt = now;
    if (this.failures > 0) this.closedUntil = now + TRIAL_MS;
    return true;
  }

  /** The replica answered and stands at this position; one that is lower than before is another server's, and is believed. */
  answered(position: number): void {
    this.position = position;
    this.failures = 0;
    this.closedUntil = Number.NEGATIVE_INFINITY;
  }

  /** The replica did not answer. It is left alone for a while, twice as long each time. **Shape**: how long, in milliseconds. */
  failed(now: number, random: () => number = Math.random): number {
    this.position = 0;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.failures, LONGEST_PAUSE_MS);
    this.failures++;
    // Half of it jitter: the processes of one service should not come back together.
    const jittered = pause / 2 + (random() * pause) / 2;
    this.closedUntil = now + jittered;
    return jittered;
  }

  /** The newest position that it was seen at; 0 when nothing is known. */
  get lastSeen(): number {
    return this.position;
  }

  /** True between a failure and the next answer. */
  get isAway(): boolean {
    return this.failures > 0;
  }
}
