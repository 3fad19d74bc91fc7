/** What a process was given of a shared window. **Units**: points; milliseconds until the window ends. */
export interface Grant {
  readonly points: number;
  /** Left in the window for everybody. */
  readonly left: number;
  readonly endsInMs: number;
}

/** Asks the shared window for points: for those who wait, and as many as it `wants` for the next ones. */
export type AskForPoints = (ask: { readonly waiting: number; readonly wanted: number }) => Promise<Grant>;

/** How a request stands. **Units**: points, milliseconds. */
export interface LeaseStanding {
  readonly accepted: boolean;
  readonly remaining: number;
  readonly endsInMs: number;
}

/**
 * One process's share of a client's window. Points are taken from the shared counter in advance, so that most requests cost no
 * statement, and never more than the client has used already in this window: who asks once takes one, and no process holds
 * many points that another could need.
 *
 * **Why** two ends of the window: the answer was on its way for a while, so the end is known only to lie between them. Points are
 * not used after the earlier one, and nobody is told to come back before the later one.
 */
export class PointLease {
  private points = 0;
  private used = 0;
  private leftForAll = 0;
  private endsNotBefore = Number.NEGATIVE_INFINITY;
  private endsNotAfter = Number.NEGATIVE_INFINITY;
  private waiting = 0;
  private asking: Promise<void> | null = null;

  constructor(
    private readonly ask: AskForPoints,
    private readonly maxPoints: number,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** Takes one point. **Errors**: those of asking, for everybody who waits for that answer. */
  async take(): Promise<LeaseStanding> {
    // What was just given to those who waited is theirs, even if the answer took longer than the window.
    for (let isFresh = false; ; isFresh = true) {
      const now = this.clock();
      if (isFresh || now < this.endsNotBefore) {
        if (this.points > 0) {
          this.points--;
          this.used++;
          return this.standing(true, now);
        }
        if (this.leftForAll === 0) return this.standing(false, now);
      }
      this.waiting++;
      try {
        // One question at a time: a thousand requests at once wait for one answer, not for a thousand connections.
        await (this.asking ??= this.refill());
      } finally {
        this.waiting--;
      }
    }
  }

  private async refill(): Promise<void> {
    try {
      const askedAt = this.clock();
      if (askedAt >= this.endsNotBefore) this.used = 0;
      const wanted = Math.min(this.used, this.maxPoints);
      const { points, left, endsInMs } = await this.ask({ waiting: this.waiting, wanted });
      this.points = points;
      this.leftForAll = left;
      this.endsNotBefore = askedAt + endsInMs;
      this.endsNotAfter = this.clock() + endsInMs;
    } finally {
      this.asking = null;
    }
  }

  private standing(accepted: boolean, now: number): LeaseStanding {
    return {
      accepted,
      remaining: this.points + this.leftForAll,
      endsInMs: Math.max(this.endsNotAfter - now, 0),
    };
  }
}
