/**
 * A piece of the file, made fit to stand in a message: control, format (bidirectional marks among them) and unassigned
 * characters are replaced, and what is long is cut.
 *
 * **Units**: `limit` in characters of the result, without the quotes.
 */
export function seen(text: string, limit = 40): string {
  // Cut before replacing, so that a megabyte of text costs nothing; twice the limit keeps surrogate pairs whole.
  const clean = Array.from(text.slice(0, limit * 2).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd'));
  return clean.length > limit ? `"${clean.slice(0, limit - 1).join('')}…"` : `"${clean.join('')}"`;
}
