/** What a chart draws: two values for each step, the same ones where nothing changed. */
export interface ChartPoint {
  readonly label: string;
  readonly before: number;
  readonly today: number;
}

export const THEN = '○';
export const NOW = '●';

const HEIGHT = 9;
const LABEL_WIDTH = 8;

/**
 * Closes by day, what was known then beside what is known now, as lines of text. **Shape**: `●` is now, `○` what was known then
 * where it was something else; the axis on the left has the prices.
 *
 * **Why** our own: the one library for line charts in a terminal has not been kept for years, and two points on one day, told apart
 * without colours, are more than it draws.
 */
export function chart(points: readonly ChartPoint[]): readonly string[] {
  const values = points.flatMap(({ before, today }) => [before, today]);
  const lowest = Math.min(...values);
  const step = (Math.max(...values) - lowest) / (HEIGHT - 1) || 1;
  const rowOf = (value: number): number => Math.round((value - lowest) / step);
  const lines: string[] = [];
  for (let row = HEIGHT - 1; row >= 0; row--) {
    const marks = points.map(({ before, today }) =>
      rowOf(today) === row ? NOW : rowOf(before) === row && before !== today ? THEN : ' ',
    );
    lines.push(`${(lowest + row * step).toFixed(2).padStart(LABEL_WIDTH)} ┤ ${marks.join(' ')}`.trimEnd());
  }
  const [first, last] = [points[0]?.label ?? '', points.at(-1)?.label ?? ''];
  const width = Math.max(points.length * 2 - 1, first.length + last.length + 1);
  lines.push(`${' '.repeat(LABEL_WIDTH)} └─${'─'.repeat(width)}`);
  lines.push(`${' '.repeat(LABEL_WIDTH + 3)}${first}${last.padStart(width - first.length)}`);
  return lines;
}
