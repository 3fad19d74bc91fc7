/**
 * Gives back the memory of a chunk that fills it alone, which is empty afterwards; of any other, none.
 *
 * **Why** not leave it to Node: an upload makes few objects, so what calls for a collection is this memory itself, some 30 MB at a time.
 * Of that the process kept 15 for good, and an upload of 500 MB collected old objects 30 times, which are 3 now.
 */
export function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (buffer.byteLength === byteLength) giveBackAll(buffer);
}

/** Gives back memory whatever lies in it; none that was given back before, or that threads share. */
export function giveBackAll(memory: ArrayBufferLike): void {
  if (memory instanceof ArrayBuffer && !memory.detached) memory.transfer(0);
}

/** Chunks that are empty once the next is asked for. */
export async function* eachOnce(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    yield chunk;
    giveBack(chunk);
  }
}
