/**
 * What PostgreSQL puts around a match. **Why** control characters, and not `<mark>` at once: the content may hold the same text, and
 * an escaped snippet could not tell which was whose. These two are taken out of the content first, by the function `search_text`.
 */
export const MATCH_BEGINS = '\u0002';
export const MATCH_ENDS = '\u0003';

/** What stands for each match and for each character that must not be there; the last three are what `search_text` puts for others. */
const SHOWN: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  [MATCH_BEGINS]: '<mark>',
  [MATCH_ENDS]: '</mark>',
  '\u0004': '_',
  '\u0005': '/',
  '\u0006': '&lt;',
};

const ANY_SHOWN = new RegExp(`[${Object.keys(SHOWN).join('')}]`, 'g');

/** A marked part of a message, as `search_text` left it, as HTML that is safe anywhere in a page: no tag but `<mark>`, no attribute. */
export function snippetHtml(marked: string): string {
  return marked.replace(ANY_SHOWN, (character) => SHOWN[character] ?? '');
}
