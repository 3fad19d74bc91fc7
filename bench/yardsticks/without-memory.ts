import { join } from 'node:path';

/**
 * The service itself, without its memory of pages of messages and of quoted prices: what they cost when nobody asked before. Only the
 * benchmark has it. **Why** by replacing methods: a switch in the service could be left on.
 */
interface KnownPages {
  readonly KnownMessagePages: { readonly prototype: { find: () => Promise<null> } };
}
interface KnownPrices {
  readonly KnownQuotes: { readonly prototype: { find: () => null } };
}

const built = process.env.BENCH_SERVICE_DIRECTORY ?? '';
const { KnownMessagePages } = (await import(
  join(built, 'chat-history/messages/known-message-pages.js')
)) as KnownPages;
const { KnownQuotes } = (await import(join(built, 'stock-data/quotes/known-quotes.js'))) as KnownPrices;
KnownMessagePages.prototype.find = async () => null;
KnownQuotes.prototype.find = () => null;
await import(join(built, 'main.js'));
