/** What PostgreSQL says of an error in fields of their own; none of them holds a value. */
const NAMES = [
  'severity',
  'schema',
  'table',
  'column',
  'constraint',
  'dataType',
  'routine',
  'position',
] as const;

const SQLSTATE = /^[0-9A-Z]{5}$/;

/** Classes whose message quotes what was sent: data exceptions and violated constraints. Others quote identifiers. */
const QUOTES_VALUES = /^2[23]|^42601$/;

/** An error as it may stand in a log. **Shape**: `stack` has no message in it when the message had to be cut. */
export interface LoggableError {
  readonly type: string;
  readonly message: string;
  readonly stack: string;
  readonly [member: string]: unknown;
}

/**
 * An error of the database without the values that caused it: PostgreSQL puts the whole row into the detail of a violated
 * constraint, hashes and all, and the ORM puts that into the message. Null where no database is involved.
 */
export function loggableDatabaseError(error: unknown): LoggableError | null {
  if (!(error instanceof Error)) return null;
  const { code, message, cause } = error as Error & { readonly code?: unknown };
  if (typeof code !== 'string' || !SQLSTATE.test(code)) {
    const inner = loggableDatabaseError(cause);
    const type = error.constructor.name;
    return inner === null ? null : { type, message, stack: framesOf(error), cause: inner };
  }
  const fields = error as Error & Partial<Record<(typeof NAMES)[number], unknown>>;
  const named = NAMES.flatMap((name) =>
    typeof fields[name] === 'string' ? [[name, fields[name]] as const] : [],
  );
  const [firstLine = ''] = message.split('\n', 1);
  return {
    type: error.constructor.name,
    code,
    message: QUOTES_VALUES.test(code)
      ? withoutValues(firstLine, new Set(named.map(([, name]) => name)))
      : firstLine,
    stack: framesOf(error),
    ...Object.fromEntries(named),
  };
}

/** Quoted text stays where it is a name that the server gave apart from the message, too. */
function withoutValues(message: string, names: ReadonlySet<unknown>): string {
  return message.replaceAll(/"((?:[^"]|"(?=\w))*)"?/g, (quoted, text) =>
    names.has(text) ? String(quoted) : '"?"',
  );
}

function framesOf({ stack = '' }: Error): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at .*:\d+:\d+\)?$/.test(line))
    .join('\n');
}
