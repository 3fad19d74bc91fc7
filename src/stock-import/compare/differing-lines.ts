import { fieldSpan } from '../parse/key-order.js';

/**
 * Those of `lines` that are not among `stored`, both in the order of their keys: what the store lacks, or has with other values.
 *
 * **Shape**: each line with its line break, here and there.
 */
export function differingLines(lines: string, stored: string, keyColumn: number): string {
  // One comparison of memory is done with thousands of lines, and mostly nothing changed.
  if (lines === stored) return '';
  let differing = '';
  let at = 0;
  for (let from = 0; from < lines.length;) {
    const end = lines.indexOf('\n', from) + 1;
    const line = lines.slice(from, end);
    const key = keyOf(line, keyColumn);
    while (at < stored.length && keyAt(stored, at, keyColumn) < key) at = stored.indexOf('\n', at) + 1;
    // Keys are different in each line of either, so no other line can be this one's.
    if (!stored.startsWith(line, at)) differing += line;
    from = end;
  }
  return differing;
}

function keyOf(line: string, column: number): string {
  return line.slice(...fieldSpan(line, { start: 0, end: line.length }, column));
}

function keyAt(text: string, at: number, column: number): string {
  return text.slice(...fieldSpan(text, { start: at, end: text.indexOf('\n', at) + 1 }, column));
}
