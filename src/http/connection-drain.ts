import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Shutdown } from '../database/shutdown.service.js';

/** How long a connection may be without a request once the server closes. A client sends one right after it has connected. */
const SILENCE_MS = 250;
const LOOK_MS = 25;
/** What answers may take to be sent when what they answer was ended. */
const FAREWELL_MS = 1_000;

/**
 * Lets connections end while the server stops: each answer is the last of its connection, and a connection without a request is closed.
 *
 * **Why** not left to Node: `close()` waits for every connection that is not idle *behind an answer*, so one that was opened and never
 * used, or that sent half a request, would hold it up; and the clock that ends such connections is stopped by `close()` itself.
 */
class ConnectionDrain {
  private readonly sockets = new Set<Socket>();
  /** The newest answer of each connection. Behind it nothing is left to do, because answers go out in order. */
  private readonly answers = new WeakMap<Socket, ServerResponse>();

  constructor(
    server: Server,
    private readonly shutdown: Shutdown,
  ) {
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    // Before the one that answers: once the head of an answer is sent it is too late to say that it is the last.
    server.prependListener('request', (request, response) => {
      this.answers.set(request.socket, response);
      if (shutdown.hasBegun) response.shouldKeepAlive = false;
    });
    shutdown.begun.addEventListener('abort', () => this.announce());
  }

  /** Closes what is silent, and at the deadline everything. Ends with the last connection. */
  async end(): Promise<void> {
    this.shutdown.begin();
    const silentSince = performance.now();
    let endedAt = Number.POSITIVE_INFINITY;
    while (this.sockets.size > 0) {
      const now = performance.now();
      if (this.shutdown.deadline.aborted) endedAt = Math.min(endedAt, now);
      const isOver = now - endedAt > FAREWELL_MS;
      const isSilent = now - silentSince > SILENCE_MS;
      for (const socket of this.sockets) {
        if (isOver || (isSilent && !this.isAnswering(socket))) socket.destroy();
      }
      await sleep(LOOK_MS);
    }
  }

  /** What is being answered just now is the last of its connection as well, where that was not said already. */
  private announce(): void {
    for (const socket of this.sockets) {
      const answer = this.answers.get(socket);
      if (answer?.headersSent === false) answer.shouldKeepAlive = false;
    }
  }

  private isAnswering(socket: Socket): boolean {
    const answer = this.answers.get(socket);
    return answer !== undefined && !answer.writableFinished;
  }
}

/** Makes the server of an application stop as {@link ConnectionDrain} says. Call it before the application listens. */
export function drainConnections(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  const drain = new ConnectionDrain(fastify.server, app.get(Shutdown));
  // Not waited for: new connections are refused only when the server closes, which comes behind this hook.
  fastify.addHook('preClose', (done) => {
    void drain.end();
    done();
  });
}
