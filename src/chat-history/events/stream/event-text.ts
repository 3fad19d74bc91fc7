/** How long a client waits before it connects again. **Units**: milliseconds. */
const RETRY_MS = 2_000;

/** One event as it goes over the wire. `json` has no line break: those of texts are escaped in JSON. */
export function eventText(event: {
  readonly id: string;
  readonly type: string;
  readonly json: string;
}): string {
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${event.json}\n\n`;
}

/**
 * The beginning of every stream: no event, but from now on the client knows where to go on, also when it is cut off before
 * the first event.
 */
export function openingText(id: string): string {
  return `retry: ${RETRY_MS}\nid: ${id}\n\n`;
}

/** A comment, which clients pass over. */
export const HEARTBEAT = ':\n\n';
