import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ConnectionSettings } from '../../src/config/settings.js';

/** How a database behaves that is suspended: at once there, there after a while, or refusing until it is. **Units**: milliseconds. */
export type Wakefulness =
  | { readonly kind: 'awake' }
  | { readonly kind: 'stalls'; readonly forMs: number }
  | { readonly kind: 'refuses'; readonly forMs: number };

/** What stands between a service and its database, and counts. */
export class DatabaseProxy {
  /** Connections that were taken since the start. */
  taken = 0;
  private readonly sockets = new Set<Socket>();
  private since = performance.now();
  private behaviour: Wakefulness = { kind: 'awake' };

  private constructor(
    private readonly server: Server,
    private readonly target: string,
  ) {
    server.on('connection', (socket) => this.take(socket));
  }

  static async start({ host, port }: ConnectionSettings): Promise<DatabaseProxy> {
    const server = createServer();
    const proxy = new DatabaseProxy(server, `${host}/.s.PGSQL.${port}`);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  /** The same login and database, through the proxy. */
  through(connection: ConnectionSettings): ConnectionSettings {
    return { ...connection, host: '127.0.0.1', port: (this.server.address() as { port: number }).port };
  }

  /** Connections that are open just now. */
  get open(): number {
    return this.sockets.size;
  }

  /** From now on. */
  behave(behaviour: Wakefulness): void {
    this.behaviour = behaviour;
    this.since = performance.now();
  }

  async close(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, 'close');
  }

  private take(socket: Socket): void {
    this.taken++;
    socket.on('error', () => undefined);
    const left = this.behaviour.kind === 'awake' ? 0 : this.since + this.behaviour.forMs - performance.now();
    if (left > 0 && this.behaviour.kind === 'refuses') {
      socket.destroy();
      return;
    }
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    if (left <= 0) this.pass(socket);
    else setTimeout(() => this.pass(socket), left);
  }

  private pass(socket: Socket): void {
    const upstream = connect(this.target);
    upstream.on('error', () => undefined);
    upstream.once('close', () => socket.destroy());
    socket.once('close', () => upstream.destroy());
    socket.pipe(upstream).pipe(socket);
  }
}
