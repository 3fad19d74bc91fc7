import { z } from 'zod';
import { DomainError } from './errors.js';

/** A page of a list. **Shape**: `nextCursor` is null on the last page. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor: string | null;
}

/** Signs and checks what a cursor carries. The encryption module's signer is one. */
export interface CursorSigner {
  sign(purpose: string, text: string): string;
  verify(purpose: string, token: string): string | null;
}

const PURPOSE = 'cursor';

/** The cursor was not made here, was changed, or belongs to another query. */
export class InvalidCursor extends DomainError {
  constructor() {
    super('invalid', 'invalid-cursor', 'This cursor is not one that this query returned.', {
      errors: [{ path: 'cursor', message: 'must be the nextCursor of the same query' }],
    });
  }
}

/** `?limit=` as text, because that is what a query holds; documented as the integer it stands for. */
export function limitQuery(bounds: { readonly default: number; readonly max: number }) {
  return z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .default(String(bounds.default))
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= bounds.max, `must be from 1 to ${bounds.max}`)
    .meta({ type: 'integer', minimum: 1, maximum: bounds.max, default: bounds.default, pattern: undefined });
}

/** `?cursor=` of a list. */
export const cursorQuery = z
  .string()
  .min(1)
  .max(2_000)
  .optional()
  .meta({ description: 'The `nextCursor` of the page before, for the same query.' });

/** The query of an ordinary list: 50 rows unless asked otherwise, at most 500. */
export const pageQuery = { limit: limitQuery({ default: 50, max: 500 }), cursor: cursorQuery };

/**
 * Makes the opaque cursor that continues `scope` after `position`. **Shape**: `scope` names the query with everything that
 * must not change between pages.
 */
export function makeCursor(
  signer: CursorSigner,
  scope: readonly unknown[],
  position: readonly unknown[],
): string {
  return signer.sign(PURPOSE, JSON.stringify([scope, position]));
}

/**
 * The position that a cursor carries, or null when there is no cursor. **Errors**: `InvalidCursor` for one that was tampered
 * with or that another query returned.
 */
export function readCursor(
  signer: CursorSigner,
  scope: readonly unknown[],
  cursor: string | undefined,
): readonly unknown[] | null {
  if (cursor === undefined) return null;
  const text = signer.verify(PURPOSE, cursor);
  if (text === null) throw new InvalidCursor();
  const [ofScope, position] = JSON.parse(text) as [unknown, readonly unknown[]];
  if (JSON.stringify(ofScope) !== JSON.stringify(scope)) throw new InvalidCursor();
  return position;
}

/** The `Link` header of a page: the same address with the next cursor. **Shape**: null on the last page. */
export function nextLink(url: string, nextCursor: string | null): string | null {
  if (nextCursor === null) return null;
  const next = new URL(url, 'http://localhost');
  next.searchParams.set('cursor', nextCursor);
  return `<${next.pathname}${next.search}>; rel="next"`;
}
