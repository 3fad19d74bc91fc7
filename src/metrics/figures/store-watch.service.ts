import { Injectable } from '@nestjs/common';
import { DatabaseActivity } from '../../database/database-activity.service.js';
import { StoreFiguresService, type StoreFigures } from './store-figures.service.js';

/** What is known of the store just now. **Shape**: `isUp` is null where nobody may ask: the database rests. */
export interface StoreSight {
  readonly isUp: boolean | null;
  readonly isResting: boolean;
  readonly figures: StoreFigures;
}

/**
 * Lets scrapes see the store without keeping a serverless database awake: while it rests nobody is asked, and the figures stay what
 * they were.
 *
 * **Why** kept and not left out: what this process last saw is the best that is known, and no request has changed it through here
 * since. Only whether the database answers is left out, because a 1 or a 0 would claim that somebody had asked.
 */
@Injectable()
export class StoreWatchService {
  private figures: StoreFigures = {};

  constructor(
    private readonly activity: DatabaseActivity,
    private readonly store: StoreFiguresService,
  ) {}

  /** Never fails, and takes two seconds at most. */
  async read(): Promise<StoreSight> {
    if (!this.activity.isAwake) return { isUp: null, isResting: true, figures: this.figures };
    const { isUp, figures } = await this.activity.unasked(() => this.store.read());
    this.figures = figures;
    return { isUp, isResting: false, figures };
  }
}
