import { withoutLastBar, type BarFormat } from '../bar.format.js';

/** What one statement gave of a page. **Shape**: `nextStart` is where the next one begins, null at the end of the range. */
export interface PagePart {
  readonly text: string;
  readonly count: number;
  readonly nextStart: string | null;
  /** Whether it ended because enough was looked at, not because the page is full. */
  readonly isCut: boolean;
}

/** A page of bars. **Shape**: it may have fewer bars than asked for, or none, while `nextStart` says that there may be more. */
export interface WholePage {
  readonly text: string;
  readonly nextStart: string | null;
}

/** How to read on: from where, how many bars, how many versions to look at. */
export type ReadPart = (part: {
  readonly start: string;
  readonly limit: number;
  readonly scan: number;
}) => Promise<PagePart>;

/** Versions that a further part looks at in each segment: some 40 ms, and others get the connection in between. */
const SCAN = 32_768;

/** Versions that a page looks at in each segment before it is answered as it is: 0.3 s of a quiet machine, a second of a busy one. */
export const MAX_LOOKED_AT = 8 * SCAN;

const GROWTH = 8;
const BETWEEN: Readonly<Record<BarFormat, string>> = { json: ',', csv: '\n' };

/** The rest of a page whose first part was cut. */
export async function wholePage(
  first: PagePart,
  input: { readonly limit: number; readonly as: BarFormat; readonly read: ReadPart; readonly scan?: number },
): Promise<WholePage> {
  const { limit, as, read, scan: usual = SCAN } = input;
  const texts = [first.text];
  let { count, nextStart: start, isCut } = first;
  let isStuck = false;
  for (let looked = 0, scan = usual; isCut && start !== null && (isStuck || looked < MAX_LOOKED_AT);) {
    const part = await read({ start, limit: limit - count, scan });
    looked += scan;
    // One bar, or one bucket, of more versions than were looked at.
    isStuck = part.nextStart === start;
    scan = isStuck ? scan * GROWTH : usual;
    texts.push(part.text);
    count += part.count;
    ({ nextStart: start, isCut } = part);
  }
  return { text: texts.filter((text) => text !== '').join(BETWEEN[as]), nextStart: start };
}

/** What a statement of a page came to. **Shape**: `last` is the last bar of `text`, which has one more than `limit` when there are more. */
export interface PageRead {
  readonly text: string;
  readonly count: number;
  readonly last: string | null;
  /** The bars before it are all there; null when the reading came to the end. */
  readonly cut: string | null;
}

/** The part of a page that is certain, and where the next begins. */
export function partOf({ text, count, last, cut }: PageRead, limit: number, as: BarFormat): PagePart {
  if (count > limit) return { text: withoutLastBar(text, as), count: limit, nextStart: last, isCut: false };
  if (cut === null) return { text, count, nextStart: null, isCut: false };
  // The bar at the cut comes with the next part.
  const isAtCut = last === cut;
  return {
    text: isAtCut ? withoutLastBar(text, as) : text,
    count: isAtCut ? count - 1 : count,
    nextStart: cut,
    isCut: true,
  };
}
