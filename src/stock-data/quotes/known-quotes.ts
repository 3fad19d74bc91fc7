import { LRUCache } from 'lru-cache';
import type { AskedBar, QuotesPlace, ShownQuote, ShownQuotes } from './quotes.types.js';

/** Some hundred bytes each. */
const MAX_PLACES = 8_192;
/** Half a kilobyte each. */
const MAX_QUOTES = 16_384;

/** What is the same for all bars of a place. */
type Place = Omit<ShownQuotes, 'history' | 'head' | 'quotes'>;

/**
 * What was found where at the newest revision, so that a bar that many quote is looked at once.
 *
 * Nothing here is true for long by itself: whoever stores something that relies on it compares {@link ShownQuotes.history} and place with
 * the database, in the transaction that stores it. With another history all is forgotten.
 */
export class KnownQuotes {
  private at: Pick<ShownQuotes, 'history' | 'head'> = { history: '', head: 0 };
  private readonly places = new LRUCache<string, Place>({ max: MAX_PLACES });
  private readonly quotes = new LRUCache<string, ShownQuote>({ max: MAX_QUOTES });

  /** What is known of all that is asked for; null when anything is not. */
  find(place: QuotesPlace, asked: readonly AskedBar[]): ShownQuotes | null {
    const found = this.places.get(placeKey(place));
    if (found === undefined) return null;
    const quotes: ShownQuote[] = [];
    for (const bar of asked) {
      const quote = this.quotes.get(barKey(found, bar));
      if (quote === undefined) return null;
      quotes.push(quote);
    }
    return { ...this.at, ...found, quotes };
  }

  /** Keeps what a look found, and forgets what was found in another history. */
  keep(place: QuotesPlace, asked: readonly AskedBar[], shown: ShownQuotes): void {
    const { history, head, quotes, ...found } = shown;
    if (history !== this.at.history) {
      this.places.clear();
      this.quotes.clear();
      this.at = { history, head };
    }
    this.places.set(placeKey(place), found);
    for (const [index, quote] of quotes.entries()) {
      const bar = asked[index];
      if (bar !== undefined) this.quotes.set(barKey(found, bar), quote);
    }
  }
}

function placeKey({ name, values }: QuotesPlace): string {
  return `${name} ${values.join(' ')}`;
}

function barKey({ branchStamp, atMost }: Place, { symbol, interval, ts, revision, field }: AskedBar): string {
  return `${branchStamp} ${atMost} ${symbol} ${interval} ${ts} ${revision} ${field}`;
}
