/** What the database knows of a key. **Shape**: `encryptedValues` counts every encryption, also of values since replaced. */
export interface KnownKey {
  readonly id: string;
  readonly checkValue: string;
  readonly wasPrimary: boolean;
  readonly isRetired: boolean;
  readonly encryptedValues: number;
}

/** A process that says of itself which keys it has. **Shape**: an id of its own, and a name for a person who looks for it. */
export interface ReportedProcess {
  readonly id: string;
  readonly name: string;
}

/** A process of the service that was seen lately. **Shape**: `keyIds` is what it can read, the primary first. */
export interface KeyHolder {
  readonly name: string;
  readonly keyIds: readonly string[];
}

/** How many values of one column are under one key. **Shape**: `keyId` is null for text that is no encrypted value. */
export interface CellCount {
  readonly table: string;
  readonly column: string;
  readonly keyId: string | null;
  readonly count: number;
}

/** Where a value stands that no key on the ring opens. */
export interface UnreadableCell {
  readonly table: string;
  readonly column: string;
  readonly rowId: string;
}

/** What reading every encrypted value came to. **Shape**: of those that cannot be read, the first hundred are named. */
export interface CellsReport {
  readonly read: number;
  readonly unreadable: number;
  readonly unreadableCells: readonly UnreadableCell[];
}

/**
 * What a rotation did. **Shape**: `left` counts values that can be read and are still under another key; of the cells that cannot
 * be read, the first hundred are named.
 */
export interface RotationReport {
  readonly primary: string;
  readonly rotated: number;
  readonly unreadable: number;
  readonly left: number;
  readonly unreadableCells: readonly UnreadableCell[];
}

/** Everything that is known of keys. */
export interface KeyStatus {
  readonly primary: string;
  readonly keys: readonly (Omit<KnownKey, 'checkValue'> & {
    readonly onRing: boolean;
    readonly cells: number;
  })[];
  readonly cells: readonly CellCount[];
  readonly processes: readonly KeyHolder[];
}
