import { p, Type, type EntityMetadata, type Platform, type TransformContext } from '@mikro-orm/core';
import { HIDDEN, Secret } from './secret.js';

/**
 * A text column whose property is a {@link Secret}. The ORM sees cipher text only: it compares it, and writes it into its
 * statements, so that neither the slow-query log nor an error of the driver can hold more.
 *
 * **Why** it does not encrypt: a type is given a value and not its row, and a value that is not bound to its row could be
 * moved to another one. `EncryptedColumns` does it before the unit of work looks at what changed.
 */
export class EncryptedType extends Type<Secret | null | undefined, string | null | undefined> {
  override convertToDatabaseValue(
    value: Secret | null | undefined,
    _platform: Platform,
    context?: TransformContext,
  ): string | null | undefined {
    if (value === null || value === undefined) return value;
    // Clear text here would be stored as it is, or compared with cipher text, which is different each time.
    if (!(value instanceof Secret)) throw new TypeError('An encrypted column takes a Secret.');
    if (context?.mode === 'query') throw new TypeError('An encrypted column cannot be searched.');
    return value.storedText;
  }

  override convertToJSValue(value: string | null | undefined): Secret | null | undefined {
    return typeof value === 'string' ? Secret.stored(value) : value;
  }

  override toJSON(value: Secret | null | undefined): string | null {
    return value === null || value === undefined ? null : HIDDEN;
  }

  override getColumnType(): string {
    return 'text';
  }
}

/** An encrypted column in an entity's properties. Never part of what an entity is serialized to. */
export const encrypted = () => p.type(EncryptedType).$type<Secret>().hidden();

/** One property of an entity that is encrypted. */
export interface EncryptedProperty {
  readonly name: string;
  readonly column: string;
}

/** The encrypted properties of an entity. */
export function encryptedProperties(meta: EntityMetadata): readonly EncryptedProperty[] {
  return meta.props
    .filter(({ customType }) => customType instanceof EncryptedType)
    .map(({ name, fieldNames }) => ({ name, column: fieldNames[0] ?? name }));
}
