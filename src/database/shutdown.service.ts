import { Injectable } from '@nestjs/common';
import { ShuttingDown } from './database.errors.js';

/**
 * Where a stop of this process stands. It begins, and goes on serving for a while; then what is under way has some time; then it is
 * ended. Whoever stops the process says so here, and everybody else asks.
 */
@Injectable()
export class Shutdown {
  private readonly beginning = new AbortController();
  private readonly ending = new AbortController();

  /** True from the signal on: nobody should send more requests here. */
  get hasBegun(): boolean {
    return this.beginning.signal.aborted;
  }

  /** Aborted when the stop begins. */
  get begun(): AbortSignal {
    return this.beginning.signal;
  }

  /** Aborted when what is under way has had its time. **Shape**: the reason is `ShuttingDown`. */
  get deadline(): AbortSignal {
    return this.ending.signal;
  }

  begin(): void {
    this.beginning.abort();
  }

  /** What still runs is cancelled, rolled back and answered 503. */
  endNow(): void {
    this.begin();
    this.ending.abort(new ShuttingDown());
  }
}
