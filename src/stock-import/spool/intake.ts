import { DomainError } from '../../common/errors.js';
import { ImportTooLarge, UploadAborted, UploadStalled } from './spool.errors.js';

/** Limits of what is taken from a sender. **Units**: bytes as sent, milliseconds. */
export interface IntakeOptions {
  readonly maxBytes: number;
  /** Longest wait for the next chunk. Time that the reader takes to ask for it does not count. */
  readonly idleTimeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The bytes of a sender who may be too slow, too generous, or gone.
 *
 * **Why the source is never destroyed**: destroying an HTTP request closes its socket, and the answer that says what was
 * wrong could not be sent. Whoever made the source ends it.
 * **Errors**: `UploadStalled`, `UploadAborted`, `ImportTooLarge`.
 */
export async function* intake(
  source: AsyncIterable<Uint8Array>,
  { maxBytes, idleTimeoutMs, signal }: IntakeOptions,
): AsyncGenerator<Buffer> {
  // By hand and not with `for await`, which destroys a stream that is left early.
  const chunks = source[Symbol.asyncIterator]();
  let received = 0;
  for (;;) {
    const next = await nextChunk(chunks, idleTimeoutMs, signal);
    if (next.done === true) return;
    const chunk = next.value;
    received += chunk.length;
    if (received > maxBytes) throw new ImportTooLarge(`The file is larger than ${maxBytes} bytes.`);
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}

/**
 * One promise for each chunk: racing against a single long-lived one would keep something of every chunk in memory until the end.
 * A source that is given up while it waits is left waiting.
 */
function nextChunk(
  chunks: AsyncIterator<Uint8Array>,
  idleTimeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<IteratorResult<Uint8Array>> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      act();
    };
    const onAbort = (): void => settle(() => reject(abortError(signal?.reason)));
    const timer = setTimeout(() => settle(() => reject(new UploadStalled(idleTimeoutMs))), idleTimeoutMs);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted === true) return onAbort();
    chunks.next().then(
      (next) => settle(() => resolve(next)),
      (error: unknown) => settle(() => reject(abortError(error))),
    );
  });
}

/** What a source fails with is, for an upload, always some form of "the sender is gone". */
function abortError(reason: unknown): DomainError {
  return reason instanceof DomainError ? reason : new UploadAborted(reason);
}
