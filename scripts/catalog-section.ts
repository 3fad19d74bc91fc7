/** One part of the schema dump. **Shape**: `query` returns one column of text, one row per statement, in a fixed order. */
export interface CatalogSection {
  readonly title: string;
  readonly query: string;
}

/** Which objects are ours. With an empty search path, every name that the server writes carries its schema. */
export const OURS = `relnamespace = 'public'::regnamespace`;
