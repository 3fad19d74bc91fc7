/** What a span tells of a statement. */
export interface StatementFacts {
  /** Of few values: the statement's name, or what it does to which table. */
  readonly summary: string;
  /** Only where there is no name to look it up by. */
  readonly text?: string;
}

/** So much of a statement is enough to know it. **Units**: characters. */
const MAX_TEXT = 2_000;

const TABLE = /\b(?:from|into|update)\s+(?:only\s+)?"?(?<table>[a-z_][\w.]*)/i;

/**
 * What may be told of what `query` of the driver was given. Never its values.
 *
 * **Shape**: `showText` takes the literals out of text that has no name, which is what the ORM writes.
 */
export function statementFacts(query: unknown, showText: (sql: string) => string): StatementFacts {
  const { name, text } = typeof query === 'string' ? { text: query } : asConfig(query);
  if (name !== undefined) return { summary: name };
  const shown = showText(text ?? '').trim();
  const [operation = 'statement'] = /^[a-z]+/i.exec(shown) ?? [];
  const table = TABLE.exec(shown)?.groups?.['table'];
  const summary = [operation.toLowerCase(), ...(table === undefined ? [] : [table])].join(' ');
  return { summary, text: shown.slice(0, MAX_TEXT) };
}

function asConfig(query: unknown): { readonly name?: string; readonly text?: string } {
  if (typeof query !== 'object' || query === null) return {};
  // Behind some poolers statements have to be sent without a name; `driverQuery` says it nevertheless.
  const { label, name, text } = query as { label?: unknown; name?: unknown; text?: unknown };
  const known = label ?? name;
  return {
    ...(typeof known === 'string' ? { name: known } : {}),
    ...(typeof text === 'string' ? { text } : {}),
  };
}
