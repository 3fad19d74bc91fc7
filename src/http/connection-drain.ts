import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Shutdown } from '../database/shutdown.service.js';

/** How long a connection may be without a request once the server closes. A client sends one right after it has connected. */
const SILENCE_MS = 1_000;
/** How long to look for a moment in which nobody connects. Under whatever load, a stop must get on. */
const CALM_MS = 1_000;
/**
 * How long nobody may have connected before that moment. Who has the last answer comes back within some milliseconds, and then waits: of
 * 20 stops on a busy machine two met one who was on the way when the first empty turn was enough.
 */
const QUIET_MS = 50;
/** Where there is never so long a pause, an empty turn is enough from here on. */
const QUIET_LIMIT_MS = 500;
/** A turn of the event loop in which nothing was done takes less. */
const EMPTY_TURN_MS = 0.3;
const LOOK_MS = 25;
/** Between two looks while it is not quiet: who connects needs the processor, too. */
const PAUSE_MS = 5;
/** What answers may take to be sent when what they answer was ended. */
const FAREWELL_MS = 1_000;

/**
 * Lets connections end while the server stops: each answer is the last of its connection, and a connection without a request is closed.
 *
 * **Why** not left to Node: `close()` waits for every connection that is not idle *behind an answer*, so one that was opened and never
 * used, or that sent half a request, would hold it up; and the clock that ends such connections is stopped by `close()` itself.
 *
 * **Why** a calm moment first: connections that the system has taken and this process has not yet are reset when the listener closes,
 * with the requests that their clients have sent already. The listener closes in the turn of the event loop that found none of them, so
 * that only those are left that come between that look and the closing.
 */
class ConnectionDrain {
  private readonly sockets = new Set<Socket>();
  /** The newest answer of each connection. Behind it nothing is left to do, because answers go out in order. */
  private readonly answers = new WeakMap<Socket, ServerResponse>();
  private taken = 0;
  private lastTakenAt = 0;
  /** Requests that wait for the listener to close; null while none has to. */
  private held: (() => void)[] | null = null;

  constructor(
    server: Server,
    private readonly shutdown: Shutdown,
  ) {
    server.on('connection', (socket: Socket) => {
      this.taken++;
      this.lastTakenAt = performance.now();
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

  /**
   * Calls `closeListener` as soon as no connection waits to be taken. Requests wait so long: each answer would bring its client back.
   *
   * **Why** no promise: between the look and the closing must lie no turn of the event loop, in which others would connect.
   */
  whenCalm(closeListener: () => void): void {
    const startedAt = performance.now();
    this.lastTakenAt = startedAt;
    this.held = [];
    const close = (): void => {
      closeListener();
      const held = this.held ?? [];
      this.held = null;
      for (const goOn of held) goOn();
    };
    const look = (before: number, since: number): void => {
      const now = performance.now();
      const isQuiet = now - this.lastTakenAt > QUIET_MS || now - startedAt > QUIET_LIMIT_MS;
      // Behind a turn that answered somebody, its client may be at the door again already.
      const isCalm = isQuiet && this.taken === before && now - since < EMPTY_TURN_MS;
      if (isCalm || this.shutdown.deadline.aborted || now - startedAt > CALM_MS) close();
      else if (isQuiet) setImmediate(look, this.taken, performance.now());
      else setTimeout(() => setImmediate(look, this.taken, performance.now()), PAUSE_MS);
    };
    // A turn that is under way may be past its look at the listener.
    setImmediate(() => setImmediate(look, this.taken, performance.now()));
  }

  /** Lets a request go on, now or once the listener is closed. */
  admit(goOn: () => void): void {
    if (this.held === null) goOn();
    else this.held.push(goOn);
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
  fastify.addHook('onRequest', (_request, _reply, done) => drain.admit(done));
  // The end is not waited for: new connections are refused only when the server closes, which comes right behind this hook.
  fastify.addHook('preClose', (done) => {
    drain.whenCalm(() => {
      void drain.end();
      done();
    });
  });
}
