/**
 * What PostgreSQL puts around a match. **Why** control characters, and not `<mark>` at once: the content may hold the same text, and
 * an escaped snippet could not tell which was whose. These two are taken out of the content first.
 */
export const MATCH_BEGINS = '\u0002';
export const MATCH_ENDS = '\u0003';

const ESCAPED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  [MATCH_BEGINS]: '<mark>',
  [MATCH_ENDS]: '</mark>',
};

const ANY_ESCAPED = new RegExp(`[${Object.keys(ESCAPED).join('')}]`, 'g');

/** A marked part of a message as HTML that is safe anywhere in a page: no tag but `<mark>`, no attribute. */
export function snippetHtml(marked: string): string {
  return marked.replace(ANY_ESCAPED, (character) => ESCAPED[character] ?? '');
}
