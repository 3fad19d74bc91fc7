import { Client } from 'pg';

/** A statement as it went to the server. */
export interface SentStatement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Keeps every statement that this process sends, through the ORM or beside it, while `work` runs. */
export async function recordStatements(work: () => Promise<void>): Promise<readonly SentStatement[]> {
  const sent: SentStatement[] = [];
  const prototype = Client.prototype as { query: (...args: unknown[]) => unknown };
  const { query } = prototype;
  prototype.query = function (this: Client, ...args: unknown[]) {
    const [first, second] = args;
    const { text, values } =
      typeof first === 'object' && first !== null ? (first as Partial<SentStatement>) : {};
    const bound = values ?? (Array.isArray(second) ? second : []);
    const sentText = typeof first === 'string' ? first : text;
    if (sentText !== undefined) sent.push(asWritten({ text: sentText, values: bound }));
    return query.apply(this, args);
  };
  try {
    await work();
  } finally {
    prototype.query = query;
  }
  return sent;
}

/** What `actingAs` puts around a statement, with the owner's settings as its last six values. */
const READING_AS =
  /^\s*with acting as materialized [^\n]*\n[\s\S]*?\(select s\.\* from \(([\s\S]*)\) s where acting\.ready offset 0\) answer\s*$/;
const SETTINGS = 6;

/** A statement as its query file has it: whoever tries it again says for themselves who they are. */
function asWritten(sent: SentStatement): SentStatement {
  const inner = READING_AS.exec(sent.text)?.[1];
  return inner === undefined ? sent : { text: inner, values: sent.values.slice(0, -SETTINGS) };
}

/** A condition that names the owner, by a value in the text or a bound one, alone or in a list. */
const OWNER_FILTER =
  /(?:"?\w+"?\.)?"?(?:user_id|owner_id)"?\s*(?:=\s*any\s*\(\s*(\$\d+)[^)]*\)|=\s*(\$\d+)(?:::\w+)?|=\s*'[^']*'|in\s*\([^)]*\))/gi;

/** The same statement without its owner filters, and how many it had. **Why** bound values stay named: the server counts them. */
export function withoutOwnerFilters({
  text,
  values,
}: SentStatement): SentStatement & { readonly filters: number } {
  let filters = 0;
  const stripped = text.replaceAll(OWNER_FILTER, (_condition, list?: string, single?: string) => {
    filters++;
    if (list !== undefined) return `${list}::uuid[] is not null`;
    return single === undefined ? 'true' : `${single}::uuid is not null`;
  });
  return { text: stripped, values, filters };
}

/** The same statement about somebody else. */
export function onBehalfOf(statement: SentStatement, from: string, to: string): SentStatement {
  const swap = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replaceAll(from, to);
    return Array.isArray(value) ? value.map(swap) : value;
  };
  return { text: statement.text.replaceAll(from, to), values: statement.values.map(swap) };
}
