import { Injectable } from '@nestjs/common';

/** Whether the start is over: database reached, schema migrated, first administrator made. Health asks, the start says. */
@Injectable()
export class StartState {
  private step: string | null = 'waiting for the database';

  /** What the start is at; null when it is over. */
  get pending(): string | null {
    return this.step;
  }

  /** Notes what the start is at. */
  at(step: string): void {
    this.step = step;
  }

  /** The start is over. */
  done(): void {
    this.step = null;
  }
}
