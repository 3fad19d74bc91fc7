import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** A server that says it is an older PostgreSQL, as far as a start gets with one: it lets everybody in and tells its version. */
export class OldServer {
  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(version: string): Promise<OldServer> {
    const server = createServer((socket) => {
      let isStarted = false;
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        if (!isStarted) {
          isStarted = true;
          const parameter = text('server_version', version);
          socket.write(Buffer.concat([message('R', int(0)), message('S', parameter), READY]));
        } else if (chunk.toString('latin1', 0, 1) === 'X') socket.end();
        else socket.write(rowOf(version));
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new OldServer(server, (server.address() as { port: number }).port);
  }

  async close(): Promise<void> {
    this.server.close();
    await once(this.server, 'close');
  }
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function short(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function text(...values: readonly string[]): Buffer {
  return Buffer.from(values.map((value) => `${value}\0`).join(''));
}

/** A message of the server: its letter, its length with itself, its body. */
function message(letter: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(letter), int(body.length + 4), body]);
}

const READY = message('Z', Buffer.from('I'));

/** The answer to whatever is asked: one row with one column of text. */
function rowOf(value: string): Buffer {
  const column = Buffer.concat([
    text('server_version'),
    int(0),
    short(0),
    int(25),
    short(-1),
    int(-1),
    short(0),
  ]);
  return Buffer.concat([
    message('T', Buffer.concat([short(1), column])),
    message('D', Buffer.concat([short(1), int(value.length), Buffer.from(value)])),
    message('C', text('SHOW')),
    READY,
  ]);
}
