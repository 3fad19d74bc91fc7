import { AsyncLocalStorage } from 'node:async_hooks';
import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';

/**
 * Whether somebody needs the database just now. A serverless one is suspended when nobody does, and whatever a process does of its
 * own accord every few seconds would keep it awake, and be paid for.
 *
 * With any other database everything here is always awake and costs nothing.
 */
@Injectable()
export class DatabaseActivity {
  private readonly unaskedWork = new AsyncLocalStorage<true>();
  private readonly wakers: (() => Promise<unknown>)[] = [];
  private readonly awakeMs: number | null;
  private usedAt = performance.now();
  private waking: Promise<unknown> | null = null;

  constructor(@Inject(SETTINGS) settings: Settings) {
    this.awakeMs = settings.database.serverless?.awakeMs ?? null;
  }

  /** True while a request has used the database a short while ago: only then may work that nobody asked for use it as well. */
  get isAwake(): boolean {
    return this.awakeMs === null || performance.now() - this.usedAt < this.awakeMs;
  }

  /** `work` is done before the first request goes on that comes after a rest, for what was not looked after meanwhile. */
  onWake(work: () => Promise<unknown>): void {
    this.wakers.push(work);
  }

  /** Runs what nobody asked for. Its statements do not keep the database awake. */
  async unasked<T>(work: () => Promise<T>): Promise<T> {
    return this.awakeMs === null ? work() : this.unaskedWork.run(true, work);
  }

  /** To be called before the database is used. Waits for what has to be made up for after a rest. */
  async use(): Promise<void> {
    if (this.awakeMs === null || this.unaskedWork.getStore() === true) return;
    const rested = !this.isAwake;
    this.usedAt = performance.now();
    if (rested && this.waking === null) {
      const works = this.wakers.map((work) => this.unasked(work).catch(() => undefined));
      this.waking = Promise.all(works).finally(() => (this.waking = null));
    }
    await this.waking;
  }
}
