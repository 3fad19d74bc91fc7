import { Readable } from 'node:stream';
import { ImportTooLarge } from './spool.errors.js';
import { eachOnce } from './give-back.js';
import { inflate, inflateIfPacked } from './inflate.js';
import { intake, type IntakeOptions } from './intake.js';
import { type SpooledFile, SpoolWriter } from './spool-file.js';

/** How the sender packed the upload. */
type SpoolEncoding = 'identity' | 'gzip' | 'by-content';

/** How an upload is taken in. **Units**: bytes, milliseconds. */
export interface SpoolOptions extends IntakeOptions {
  readonly directory: string;
  /** `by-content`: gzip if it begins like gzip, for senders who cannot say. */
  readonly encoding: SpoolEncoding;
  /** Largest size unpacked. */
  readonly maxExpandedBytes: number;
  /** Largest size unpacked over size as sent, from `RATIO_COUNTS_FROM_BYTES` on. Price files reach about 10. */
  readonly maxExpansionRatio: number;
  /** Whether nobody else has the source's chunks, so that each may be emptied once it was used. No by default, and never `by-content`. */
  readonly chunksAreOurs?: boolean;
}

/** Below this size a ratio says nothing: a short run of equal lines packs to almost nothing. **Units**: bytes. */
export const RATIO_COUNTS_FROM_BYTES = 10 * 1024 * 1024;

/**
 * Takes a whole upload to the disk, unpacked, before anything else is done with it: a slow sender then costs a file and no
 * database connection.
 *
 * **Shape**: the file is private to this user and lies there until it is disposed of; after an error it is gone. Memory
 * does not grow with the upload, and the sender is slowed to the speed of the disk.
 * **Errors**: `UploadStalled`, `UploadAborted`, `ImportTooLarge`, `ImportGzipBroken`, `SpoolFull`, `SpoolUnusable`. The source is left open.
 */
export async function spoolUpload(
  source: AsyncIterable<Uint8Array>,
  options: SpoolOptions,
): Promise<SpooledFile> {
  // It may fail before its first chunk is asked for, while the file is made; who asks is told then. Unheard it would end the process.
  if (source instanceof Readable) source.on('error', () => undefined);
  const writer = await SpoolWriter.create(options.directory);
  // Ends the wait for the next chunk when the unpacker or the disk fails meanwhile.
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const meter = new ExpansionMeter(options);
  try {
    const sent = meter.countSent(intake(source, { ...options, signal }));
    for await (const chunk of unpacked(sent, options)) {
      meter.requireSize(chunk.length);
      await writer.write(chunk);
    }
    return await writer.finish();
  } catch (error) {
    await writer.discard();
    throw error;
  } finally {
    stop.abort();
  }
}

function unpacked(
  sent: AsyncIterable<Buffer>,
  { encoding, chunksAreOurs = false }: SpoolOptions,
): AsyncIterable<Buffer> {
  if (encoding === 'identity') return chunksAreOurs ? eachOnce(sent) : sent;
  return encoding === 'gzip' ? inflate(sent, { chunksAreOurs }) : inflateIfPacked(sent);
}

/** Compares what comes out of the unpacker with what went in, while it does. */
class ExpansionMeter {
  private sent = 0;
  private expanded = 0;

  constructor(private readonly limits: Pick<SpoolOptions, 'maxExpandedBytes' | 'maxExpansionRatio'>) {}

  async *countSent(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      this.sent += chunk.length;
      yield chunk;
    }
  }

  requireSize(bytes: number): void {
    const { maxExpandedBytes, maxExpansionRatio } = this.limits;
    this.expanded += bytes;
    if (this.expanded > maxExpandedBytes)
      throw new ImportTooLarge(`The file is larger than ${maxExpandedBytes} bytes.`);
    if (this.expanded > RATIO_COUNTS_FROM_BYTES && this.expanded > this.sent * maxExpansionRatio) {
      throw new ImportTooLarge(`The file unpacks to more than ${maxExpansionRatio} times its size.`);
    }
  }
}
