/**
 * One SQL statement with its values, made by a function in a `*.queries.ts` file.
 *
 * **Shape**: `name` is unique in the project, at most 63 bytes, and stands for `text`: PostgreSQL plans it once per
 * connection and it labels the slow-query log and the metrics. `values` are bound, never inlined.
 */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
  /**
   * False for a statement whose text varies under one name, or that reads temporary tables: it is planned each time, with
   * what is known of them then.
   */
  readonly prepared?: false;
}

/** What a statement gave. **Shape**: `count` is rows returned or written. */
export interface StatementResult {
  readonly rows: readonly Row[];
  readonly count: number;
}

/** A row as it came: one entry per selected column, in order, parsed only as far as the driver's type parsers go. */
export type Row = readonly unknown[];

/**
 * What the driver's `query` is given for a statement. **Shape**: `label` is its name also where it is sent without one, for whoever watches
 * the driver; the driver itself does not look at it.
 */
export function driverQuery({ name, text, values, prepared }: Statement, named: boolean) {
  return {
    name: named && prepared !== false ? name : undefined,
    label: name,
    text,
    values: values as unknown[],
    rowMode: 'array' as const,
  };
}
