import { driverErrorFacts } from '../../database/driver-errors.js';
import { MetadataTooLarge } from '../chat-history.errors.js';

/** What a client keeps beside a conversation or a message. */
export type Metadata = Readonly<Record<string, unknown>>;

/** JSON text of metadata, numbers as they were written; null when there is none. */
export function metadataText(metadata: Metadata | null | undefined): string | null {
  return metadata === undefined || metadata === null ? null : JSON.stringify(metadata);
}

const TOO_LARGE = new Set(['conversations_metadata_check', 'messages_metadata_check']);

/** Runs what stores metadata. **Errors**: `MetadataTooLarge` when the database refuses its size; else those of `store`. */
export async function orMetadataTooLarge<T>(store: () => Promise<T>): Promise<T> {
  try {
    return await store();
  } catch (error) {
    if (TOO_LARGE.has(driverErrorFacts(error).constraint ?? '')) throw new MetadataTooLarge();
    throw error;
  }
}
