import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigurationError } from '../config/configuration.errors.js';

/** What is served. **Shape**: `text` is made anew for each scrape. */
export interface Exposition {
  readonly contentType: string;
  readonly text: () => Promise<string>;
}

const PATH = '/metrics';
/** Who connects and says nothing is sent away. **Units**: milliseconds. */
const SILENCE_MS = 5_000;

/**
 * Serves `/metrics`, and nothing else, on an address of its own.
 *
 * **Why** not a route of the service: that port is open to the world, and Prometheus brings no session. Here no proxy, cookie, body or
 * parameter is looked at.
 */
export class MetricsListener {
  private constructor(
    private readonly server: Server,
    private readonly exposition: Exposition,
  ) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void this.answer(request, response);
    });
  }

  /** **Errors**: `ConfigurationError` when the address cannot be listened on. */
  static async open(
    address: { readonly host: string; readonly port: number },
    exposition: Exposition,
  ): Promise<MetricsListener> {
    const server = createServer({ headersTimeout: SILENCE_MS, requestTimeout: SILENCE_MS });
    const listener = new MetricsListener(server, exposition);
    try {
      server.listen(address.port, address.host);
      await once(server, 'listening');
    } catch (error) {
      const { code = 'unknown error' } = error as NodeJS.ErrnoException;
      const message = `${address.port} cannot be listened on at ${address.host} (${code}): choose another one, or another METRICS_HOST`;
      throw new ConfigurationError([{ variable: 'METRICS_PORT', message }]);
    }
    return listener;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('cache-control', 'no-store');
    response.setHeader('x-content-type-options', 'nosniff');
    if (request.url?.split('?', 1)[0] !== PATH)
      return end(response, 404, `There is nothing here but ${PATH}.\n`);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return end(response, 405, 'Metrics are only read.\n');
    }
    try {
      const text = await this.exposition.text();
      end(response, 200, text, this.exposition.contentType);
    } catch {
      end(response, 500, 'The metrics could not be written.\n');
    }
  }
}

function end(
  response: ServerResponse,
  status: number,
  text: string,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  // Node leaves the body out where the method is HEAD.
  response.end(text);
}
