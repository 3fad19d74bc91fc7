/** One statement of a text. */
export interface SqlStatement {
  /** Without comments, with one blank where there was white space; literals and bodies of functions are empty. */
  readonly text: string;
  /** Rules that a comment in it takes out of force: `-- lint-ignore <rule>: <reason>`. */
  readonly ignored: readonly string[];
}

/** A comment, a literal, a quoted name, a body between dollars, or the end of a statement; whatever comes first. */
const TOKEN =
  /--[^\n]*|\/\*|[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|;/g;
const IGNORE = /^--\s*lint-ignore\s+([a-z-]+):\s*\S/;

/** The statements of an SQL text, each ready to be looked at by a rule. An exception without a reason is none. */
export function sqlStatements(sql: string): readonly SqlStatement[] {
  const statements: SqlStatement[] = [];
  let text = '';
  let ignored: string[] = [];
  let at = 0;
  const finish = (): void => {
    const trimmed = text.replaceAll(/\s+/g, ' ').trim();
    if (trimmed !== '') statements.push({ text: trimmed, ignored });
    [text, ignored] = ['', []];
  };
  TOKEN.lastIndex = 0;
  for (let found = TOKEN.exec(sql); found !== null; found = TOKEN.exec(sql)) {
    const [token] = found;
    text += sql.slice(at, found.index);
    if (token === '/*') TOKEN.lastIndex = endOfComment(sql, found.index);
    at = TOKEN.lastIndex;
    if (token === ';') finish();
    else if (token.startsWith('--')) {
      const rule = IGNORE.exec(token)?.[1];
      if (rule !== undefined) ignored.push(rule);
      text += ' ';
    } else if (token.startsWith('"')) text += token;
    else text += token === '/*' ? ' ' : "''";
  }
  text += sql.slice(at);
  finish();
  return statements;
}

/** Comments of this kind may hold others. */
function endOfComment(sql: string, from: number): number {
  const EDGE = /\/\*|\*\//g;
  EDGE.lastIndex = from;
  let depth = 0;
  for (let edge = EDGE.exec(sql); edge !== null; edge = EDGE.exec(sql)) {
    depth += edge[0] === '/*' ? 1 : -1;
    if (depth === 0) return EDGE.lastIndex;
  }
  return sql.length;
}
