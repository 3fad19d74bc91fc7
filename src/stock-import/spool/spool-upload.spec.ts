import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createGzip, gzipSync } from 'node:zlib';
import { DAILY_CSV, endless, inChunks, type Tap } from '../../../test/factories/price-files.js';
import { SpoolWriter } from './spool-file.js';
import { type SpoolOptions, spoolUpload } from './spool-upload.js';

const MIB = 1024 * 1024;

let directory: string;
let options: SpoolOptions;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spool-spec-'));
  options = {
    directory: join(directory, 'made', 'on-demand'),
    encoding: 'identity',
    maxBytes: 1024 * MIB,
    maxExpandedBytes: 4096 * MIB,
    maxExpansionRatio: 200,
    idleTimeoutMs: 5_000,
  };
});

afterEach(async () => {
  // Whatever happened to the upload, nothing of it is left.
  const left = await readdir(options.directory).catch(() => []);
  await rm(directory, { recursive: true });
  if (left.length > 0) throw new Error(`left in the spool: ${left.join(', ')}`);
});

async function content(
  source: AsyncIterable<Uint8Array>,
  given: Partial<SpoolOptions> = {},
): Promise<Buffer> {
  await using file = await spoolUpload(source, { ...options, ...given });
  const bytes = await readFile(file.path);
  expect(file.bytes).toBe(bytes.length);
  return bytes;
}

const gzip = { encoding: 'gzip' } as const;

/** Counts memory that is given back. **Units**: bytes. */
function watchGivenBack(): { readonly bytes: () => number } & Disposable {
  let bytes = 0;
  const transfer = Reflect.get(ArrayBuffer.prototype, 'transfer');
  const spy = jest.spyOn(ArrayBuffer.prototype, 'transfer').mockImplementation(function (
    this: ArrayBuffer,
    length?: number,
  ) {
    bytes += this.byteLength;
    return transfer.call(this, length);
  });
  return { bytes: () => bytes, [Symbol.dispose]: () => spy.mockRestore() };
}

describe('an upload', () => {
  it('lies in a private file until it is disposed of', async () => {
    const file = await spoolUpload(inChunks(DAILY_CSV, 10), options);
    expect((await stat(file.path)).mode & 0o777).toBe(0o600);
    expect((await stat(options.directory)).mode & 0o777).toBe(0o700);
    expect(await readFile(file.path, 'utf8')).toBe(DAILY_CSV);
    await file.dispose();
    await file.dispose();
    await expect(stat(file.path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('gives back the memory of its own chunks once they are written, and none that a chunk shares', async () => {
    const texts = ['date,close\n', '2026-01-02,', '17.5\n'];
    const own = texts.map((text) => new TextEncoder().encode(text));
    expect(own.map(({ byteLength, buffer }) => byteLength === buffer.byteLength)).toEqual([true, true, true]);
    const shared = Buffer.from(new TextEncoder().encode('2026-01-05,18\nnot sent').buffer);
    const sent = [...own, shared.subarray(0, -'not sent'.length)];
    for (const chunksAreOurs of [false, true]) {
      expect(String(await content(Readable.from(sent), { chunksAreOurs }))).toBe(
        `${texts.join('')}2026-01-05,18\n`,
      );
      expect(own.map(({ buffer }) => buffer.detached)).toEqual(own.map(() => chunksAreOurs));
      expect(String(shared)).toBe('2026-01-05,18\nnot sent');
    }
  });

  it('may be a stream, may be empty, and may come beside others', async () => {
    const texts = ['', 'a', DAILY_CSV];
    const contents = await Promise.all(texts.map((text) => content(Readable.from(inChunks(text)))));
    expect(contents.map(String)).toEqual(texts);
  });

  it('over the limit is refused as soon as it is, and the source is left open to be answered', async () => {
    const tap: Tap = { taken: 0 };
    const source = Readable.from(endless('', 'x', 1024 * MIB, tap), { objectMode: false });
    await expect(content(source, { maxBytes: MIB })).rejects.toMatchObject({
      kind: 'too-large',
      code: 'import-too-large',
    });
    expect(tap.taken).toBeLessThan(2 * MIB);
    expect(source.destroyed).toBe(false);
    source.destroy();
    expect(await content(inChunks(Buffer.alloc(MIB)), { maxBytes: MIB })).toHaveLength(MIB);
  });

  it('is read no faster than it is written', async () => {
    const tap: Tap = { taken: 0 };
    const source = Readable.from(endless('', 'x', 64 * MIB, tap), { objectMode: false });
    let ahead = 0;
    const watch = setInterval(() => (ahead = Math.max(ahead, source.readableLength)), 1);
    expect(await content(source)).toHaveLength(64 * MIB);
    clearInterval(watch);
    expect(ahead).toBeLessThanOrEqual(256 * 1024);
  });
});

describe('a sender', () => {
  async function* silentAfter(bytes: Buffer): AsyncGenerator<Buffer> {
    yield bytes;
    await new Promise(() => undefined);
  }

  it.each(['identity', 'gzip'] as const)('who falls silent is given up (%s)', async (encoding) => {
    const bytes = encoding === 'gzip' ? gzipSync(DAILY_CSV).subarray(0, 40) : Buffer.from(DAILY_CSV);
    await expect(content(silentAfter(bytes), { encoding, idleTimeoutMs: 100 })).rejects.toMatchObject({
      kind: 'timeout',
      code: 'upload-stalled',
    });
  });

  it('who is slow but never silent is waited for (the control)', async () => {
    async function* slow(): AsyncGenerator<Buffer> {
      for (let i = 0; i < 10; i++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        yield Buffer.from('x');
      }
    }
    expect(String(await content(slow(), { idleTimeoutMs: 400 }))).toBe('x'.repeat(10));
  });

  it('may be stopped from outside, before and in the middle', async () => {
    const abort = new AbortController();
    const upload = content(silentAfter(Buffer.from('x')), { signal: abort.signal });
    setTimeout(() => abort.abort(), 20);
    await expect(upload).rejects.toMatchObject({ code: 'upload-aborted' });
    await expect(content(inChunks('x'), { signal: abort.signal })).rejects.toMatchObject({
      code: 'upload-aborted',
    });
  });

  it('whose stream fails is told from one who ends it', async () => {
    const source = new Readable({ read: () => undefined });
    source.push('half');
    setTimeout(() => source.destroy(new Error('connection reset')), 20);
    await expect(content(source)).rejects.toMatchObject({ code: 'upload-aborted' });
    const closed = new Readable({ read: () => undefined });
    closed.push('half');
    setTimeout(() => closed.destroy(), 20);
    await expect(content(closed)).rejects.toMatchObject({ code: 'upload-aborted' });
  });

  it('whose stream fails before it is read ends no process', async () => {
    const source = new Readable({ read: () => undefined });
    const upload = content(source);
    // An 'error' that nobody listens to ends the process.
    expect(source.listenerCount('error')).toBeGreaterThan(0);
    source.destroy(new Error('connection reset'));
    await expect(upload).rejects.toMatchObject({ code: 'upload-aborted' });
  });
});

describe('over a real connection', () => {
  /** Serves one upload; what became of it is what the promise gives. */
  async function upload(send: (port: number) => void, given: Partial<SpoolOptions> = {}): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const server = createServer((incoming: IncomingMessage, response: ServerResponse) => {
      const answered = new Promise((closed) => response.on('close', closed));
      void spoolUpload(incoming, { ...options, ...given })
        .then((file) => file.dispose())
        .then(
          () => 'stored',
          (error: unknown) => error,
        )
        .then(async (outcome) => {
          response.writeHead(413, { connection: 'close' }).end('answer');
          await answered;
          resolve(outcome);
        });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    send((server.address() as AddressInfo).port);
    const outcome = await promise;
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    return outcome;
  }

  it('gives back the memory of what arrives', async () => {
    using givenBack = watchGivenBack();
    const outcome = await upload(
      (port) =>
        request({ port, method: 'POST' })
          .on('error', () => undefined)
          .end(Buffer.alloc(4 * MIB, 'x')),
      { chunksAreOurs: true },
    );
    expect(outcome).toBe('stored');
    expect(givenBack.bytes()).toBeGreaterThan(3 * MIB);
  });

  it.each([0, 1, 65_536, 200_000, 1_000_000])(
    'a client that disconnects after %i bytes leaves nothing',
    async (bytes) => {
      const outcome = await upload((port) => {
        const client = request({ port, method: 'POST', headers: { 'content-length': 2_000_000 } });
        client.on('error', () => undefined);
        client.write(Buffer.alloc(bytes, 'x'), () => setTimeout(() => client.destroy(), 20));
        client.flushHeaders();
      });
      expect(outcome).toMatchObject({ code: 'upload-aborted' });
    },
  );

  it('a client that sends too much still gets its answer', async () => {
    const answer = Promise.withResolvers<number | undefined>();
    const outcome = await upload(
      (port) => {
        const client = request({ port, method: 'POST' }, (response) => answer.resolve(response.statusCode));
        client.on('error', () => answer.resolve(undefined));
        client.write(Buffer.alloc(200_000));
      },
      { maxBytes: 100_000 },
    );
    expect(outcome).toMatchObject({ code: 'import-too-large' });
    expect(await answer.promise).toBe(413);
  });
});

describe('gzip', () => {
  const packed = gzipSync(DAILY_CSV);
  const twice = Buffer.concat([packed, gzipSync('more')]);

  it.each([1, 2, 10, 100_000])(
    'is unpacked, of one member or several, in chunks of %i bytes',
    async (size) => {
      expect(String(await content(inChunks(packed, size), gzip))).toBe(DAILY_CSV);
      expect(String(await content(inChunks(twice, size), gzip))).toBe(`${DAILY_CSV}more`);
    },
  );

  it('gives back the memory of what was unpacked, and of what was sent where that is its own', async () => {
    using givenBack = watchGivenBack();
    const lines = Array.from({ length: 300_000 }, (_, line) => `${line},${line * 7919}\n`).join('');
    const packed = gzipSync(lines);
    const chunks = async function* () {
      for await (const chunk of inChunks(packed)) yield Buffer.from(new Uint8Array(chunk).buffer);
    };
    expect((await content(chunks(), gzip)).equals(Buffer.from(lines))).toBe(true);
    const unpacked = givenBack.bytes();
    expect(unpacked).toBeGreaterThan(lines.length * 0.8);
    expect(unpacked).toBeLessThanOrEqual(lines.length);
    expect((await content(chunks(), { ...gzip, chunksAreOurs: true })).equals(Buffer.from(lines))).toBe(true);
    expect(givenBack.bytes()).toBe(2 * unpacked + packed.length);
  });

  const wrongSum = Buffer.concat([packed.subarray(0, -8), Buffer.alloc(4, 7), packed.subarray(-4)]);
  const wrongLength = Buffer.concat([packed.subarray(0, -4), Buffer.alloc(4, 7)]);
  it.each([
    ['cut short in the header', packed.subarray(0, 5), 'cut short'],
    ['cut short in the data', packed.subarray(0, 60), 'cut short'],
    ['cut short in the checksum', packed.subarray(0, -3), 'cut short'],
    ['cut short in the second member', twice.subarray(0, -3), 'cut short'],
    ['of nothing', Buffer.alloc(0), 'cut short'],
    ['with a wrong checksum', wrongSum, 'damaged'],
    ['with a wrong length', wrongLength, 'damaged'],
    ['followed by text', Buffer.concat([packed, Buffer.from('garbage!')]), 'something else follows'],
    ['followed by one byte', Buffer.concat([packed, Buffer.from('g')]), 'cut short'],
    ['followed by zeros', Buffer.concat([packed, Buffer.alloc(10)]), 'followed by 10 other bytes'],
    ['followed by many zeros', Buffer.concat([packed, Buffer.alloc(MIB)]), 'other bytes'],
    ['with a member hidden behind zeros', Buffer.concat([packed, Buffer.alloc(4), packed]), 'other bytes'],
    [
      'that is a zip archive',
      Buffer.from('PK\x03\x04\x14\0\0\0\x08\0aaaaaaaaaaaaaaaa', 'latin1'),
      'not gzip',
    ],
    ['that is plain text', Buffer.from(DAILY_CSV), 'not gzip'],
  ])('%s is refused', async (_name, bytes, message) => {
    for (const size of [1_000, 100_000]) {
      await expect(content(inChunks(bytes, size), gzip)).rejects.toMatchObject({
        kind: 'invalid',
        code: 'import-gzip',
        message: expect.stringContaining(message),
      });
    }
  });

  it('that is a bomb of 1 GB is refused after a few MiB, in flat memory', async () => {
    const tap: Tap = { taken: 0 };
    const source = Readable.from(endless('Date,Close\n', '\n', 1024 * MIB, tap), { objectMode: false }).pipe(
      createGzip({ level: 9 }),
    );
    const before = process.memoryUsage().rss;
    await expect(content(source, gzip)).rejects.toMatchObject({
      code: 'import-too-large',
      message: expect.stringContaining('200 times'),
    });
    // The packed bytes travel in chunks of 16 KiB, of 1000 times their size unpacked.
    expect(tap.taken).toBeLessThan(128 * MIB);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * MIB);
    source.destroy();
  });

  it('that unpacks to more than the limit is refused, whatever its ratio', async () => {
    const bytes = gzipSync(Buffer.alloc(3 * MIB, 'x'));
    await expect(content(inChunks(bytes), { ...gzip, maxExpandedBytes: 2 * MIB })).rejects.toMatchObject({
      code: 'import-too-large',
    });
    expect(await content(inChunks(bytes), { ...gzip, maxExpandedBytes: 3 * MIB })).toHaveLength(3 * MIB);
  });

  it('of a small file may pack as well as it can', async () => {
    const bytes = gzipSync(Buffer.alloc(9 * MIB, 'x'));
    expect(await content(inChunks(bytes), gzip)).toHaveLength(9 * MIB);
  });
});

describe('a full disk', () => {
  it('is an answer that says to try later', async () => {
    const writer = new SpoolWriter(await open('/dev/full', 'w'), join(directory, 'none'));
    await expect(writer.write(Buffer.from('x'))).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'spool-full',
      extra: { retryAfterSeconds: 60 },
    });
    await writer.discard();
  });
});
