import type { Row } from '../../database/statement.js';
import { sha256 } from '../../encryption/secrets.js';

/** A message as a conversation shows it. **Shape**: `json` is its text, ready to send. */
export interface TaggedMessage {
  readonly json: string;
  readonly etag: string;
}

/**
 * **Shape**: a row of JSON text. **Why** a digest and no version: what is shown changes with the message, with the prices that it quotes,
 * and with the conversation that shows it.
 */
export function taggedMessage([json]: Row): TaggedMessage {
  const text = json as string;
  return { json: text, etag: `"${sha256(text).toString('base64url')}"` };
}
