/** What may hold a quote without being a literal: quoted identifiers and comments. They stay. */
const KEPT = [/"(?:[^"]|"")*"?/, /--[^\n]*/, /\/\*[^]*?(?:\*\/|$)/];

/** A backslash escapes in `E'…'` only. A statement that was cut off may end inside of a literal. */
const LITERALS = [
  /(?<![\w$])E'(?:[^'\\]|''|\\[^]|\\$)*'?/,
  /'(?:[^']|'')*'?/,
  /(?<![\w$])\$(?<tag>(?:[A-Za-z_]\w*)?)\$[^]*?(?:\$\k<tag>\$|$)/,
  /(?<![\w$])(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/,
];

const TOKENS = new RegExp(
  `(?<kept>${KEPT.map(({ source }) => source).join('|')})|${LITERALS.map(({ source }) => source).join('|')}`,
  'gi',
);

/**
 * SQL text with every literal replaced by `?`, for logs: the ORM writes values into its statements, and a value may be a
 * person's secret. Quoted identifiers and comments stay.
 *
 * **Why** one expression over all tokens: looking for quotes alone is led astray by those in identifiers, comments and other
 * literals, and then shows what it should hide.
 */
export function scrubLiterals(sql: string): string {
  return sql.replace(TOKENS, (...match) => {
    const { kept } = match.at(-1) as { kept?: string };
    return kept ?? '?';
  });
}
