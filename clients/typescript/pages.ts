/** A page of any list: its end is a null cursor. */
interface Page<Item> {
  readonly data: readonly Item[];
  readonly nextCursor: string | null;
}

/**
 * All items of a list, page by page, asked for as they are needed.
 *
 * **Shape**: `read` gets undefined for the first page, then the cursor of the page before. Leave every other parameter as it is: a cursor
 * belongs to one query.
 */
export async function* items<Item>(
  read: (cursor: string | undefined) => Promise<Page<Item>>,
): AsyncGenerator<Item, void, undefined> {
  for (let cursor: string | undefined; ;) {
    const { data, nextCursor } = await read(cursor);
    yield* data;
    if (nextCursor === null) return;
    cursor = nextCursor;
  }
}

/** The cursor in `Link: <…>; rel="next"` (RFC 8288), for clients that follow addresses; null on the last page. */
export function nextOfLink(response: Response): string | null {
  const target = /<([^>]*)>\s*;\s*rel="?next"?/.exec(response.headers.get('link') ?? '')?.[1];
  return target === undefined ? null : new URL(target, 'http://relative').searchParams.get('cursor');
}
