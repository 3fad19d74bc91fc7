import { createGunzip, type Gunzip } from 'node:zlib';
import { giveBack, giveBackAll } from './give-back.js';
import { ImportGzipBroken } from './spool.errors.js';
import { codeOf } from './spool-file.js';

/** What every gzip member begins with. */
const MAGIC = Buffer.from([0x1f, 0x8b]);

/** Of no size that Node takes out of its pool for small buffers, or that the pool has: the memory can be given back. **Units**: bytes. */
const UNPACKED_BYTES = 128 * 1024;

/**
 * Unpacks gzip, of one member or several, as it arrives.
 *
 * **Shape**: a chunk may be empty once the next is asked for; those of the source, once they were used, if they are ours.
 * **Errors**: `ImportGzipBroken` when it is cut short, damaged, followed by other bytes or no gzip; what `source` throws.
 */
export async function* inflate(
  source: AsyncIterable<Buffer>,
  { chunksAreOurs }: { readonly chunksAreOurs: boolean },
): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: UNPACKED_BYTES });
  const fed = feed(source, gunzip, chunksAreOurs ? giveBack : () => undefined);
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      yield chunk;
      giveBackUnpacked(chunk);
    }
    const sent = await fed;
    // Node stops in silence at a zero byte behind a member, and would lose every member after it.
    if (gunzip.bytesWritten !== sent) {
      throw new ImportGzipBroken(`The gzip data is followed by ${sent - gunzip.bytesWritten} other bytes.`);
    }
  } catch (error) {
    throw codeOf(error).startsWith('Z_') ? broken(error) : error;
  } finally {
    gunzip.destroy();
  }
}

/** Several chunks share a buffer that Node unpacked into, one behind the other: with the last of them all were read. */
function giveBackUnpacked({ buffer, byteOffset, byteLength }: Buffer): void {
  const isLast = byteOffset + byteLength === buffer.byteLength;
  if (isLast && buffer.byteLength === UNPACKED_BYTES) giveBackAll(buffer);
}

/**
 * Unpacks what begins like gzip, and hands on anything else as it is. No text that can be imported begins like that: in UTF-8 its second
 * byte may not stand there.
 *
 * **Errors**: as `inflate`.
 */
export async function* inflateIfPacked(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  // Not closed when it is left early: whoever waits for the next chunk would be waited for.
  const chunks = source[Symbol.asyncIterator]();
  let start: Buffer = Buffer.alloc(0);
  while (start.length < MAGIC.length) {
    const next = await chunks.next();
    if (next.done === true) break;
    start = Buffer.concat([start, next.value]);
  }
  const whole = rejoined(start, chunks);
  yield* start.subarray(0, MAGIC.length).equals(MAGIC) ? inflate(whole, { chunksAreOurs: false }) : whole;
}

async function* rejoined(start: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (start.length > 0) yield start;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/** Writes the source to the unpacker. **Shape**: how many bytes that were; a failure reaches the reader through the unpacker. */
async function feed(
  source: AsyncIterable<Buffer>,
  gunzip: Gunzip,
  used: (chunk: Buffer) => void,
): Promise<number> {
  let sent = 0;
  let proceed: () => void = () => undefined;
  // Behind the end of the data nothing drains any more, so its end must wake the writer as well.
  for (const event of ['drain', 'end', 'close']) gunzip.on(event, () => proceed());
  try {
    for await (const chunk of source) {
      sent += chunk.length;
      if (isOver(gunzip)) continue;
      const drained = new Promise<void>((resolve) => (proceed = resolve));
      if (!gunzip.write(chunk, () => used(chunk)) && !isOver(gunzip)) await drained;
    }
    gunzip.end();
  } catch (error) {
    gunzip.destroy(error as Error);
  }
  return sent;
}

/** Whether further bytes are only counted: the data has ended, or is broken. */
function isOver(gunzip: Gunzip): boolean {
  return gunzip.destroyed || gunzip.readableEnded;
}

function broken(cause: unknown): ImportGzipBroken {
  const reason = String(cause);
  if (reason.includes('unexpected end')) return new ImportGzipBroken('The gzip data is cut short.', cause);
  if (reason.includes('header')) {
    return new ImportGzipBroken('The data is not gzip, or something else follows it.', cause);
  }
  return new ImportGzipBroken('The gzip data is damaged.', cause);
}
