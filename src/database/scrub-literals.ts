/**
 * SQL text with every literal replaced by `?`, for logs: the ORM writes values into its statements, and a value may be a
 * person's secret. Quoted identifiers stay.
 */
export function scrubLiterals(sql: string): string {
  return sql.replace(/\bE?'(?:[^'\\]|''|\\.)*'?/gi, '?').replace(/(?<![\w"$])-?\d+(?:\.\d+)?\b/g, '?');
}
