import { LRUCache } from 'lru-cache';

/** Addresses that were asked for once, lately: a tenth of a megabyte for each thousand. */
const MAX_ASKED_ONCE = 4_096;

/** How much is kept. */
export interface KeptBounds<P> {
  /** **Units**: whatever `sizeOf` counts, such as bytes of text. */
  readonly maxSize: number;
  /** One larger than this would push out a hundred that are asked for more often. */
  readonly maxPageSize: number;
  readonly sizeOf: (page: P, key: string) => number;
  /** How long one stays, however often it is asked for; without it, until it is pushed out. **Units**: milliseconds. */
  readonly maxAgeMs?: number;
}

/**
 * Pages that are asked for more than once, the latest ones. It does not know whether they still hold: whoever takes one finds out.
 *
 * **Why** none from the first time: whoever reads through everything once would push out what is asked for again and again.
 */
export class KeptPages<P extends object> {
  private readonly pages: LRUCache<string, P>;
  private readonly askedOnce = new LRUCache<string, true>({ max: MAX_ASKED_ONCE });

  constructor({ maxSize, maxPageSize, sizeOf, maxAgeMs }: KeptBounds<P>) {
    this.pages = new LRUCache<string, P>({
      maxSize,
      maxEntrySize: maxPageSize,
      sizeCalculation: sizeOf,
      ...(maxAgeMs === undefined ? {} : { ttl: maxAgeMs, ttlAutopurge: true, ttlResolution: 1_000 }),
    });
  }

  get(key: string): P | undefined {
    return this.pages.get(key);
  }

  /** Notes that a page was asked for. **Shape**: true when it was before, so that it is worth keeping. */
  isAskedAgain(key: string): boolean {
    if (this.pages.has(key) || this.askedOnce.delete(key)) return true;
    this.askedOnce.set(key, true);
    return false;
  }

  keep(key: string, page: P): void {
    this.pages.set(key, page);
  }

  /** Lets go of one whose text should not stay. */
  forget(key: string): void {
    this.pages.delete(key);
  }

  /** Forgets all. */
  clear(): void {
    this.pages.clear();
    this.askedOnce.clear();
  }
}
