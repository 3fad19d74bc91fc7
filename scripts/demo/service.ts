/** What of a problem document the story needs. */
interface Problem {
  readonly code?: string;
  readonly detail?: string;
  /** Of citations that were refused: the true values. */
  readonly citations?: readonly { readonly value?: unknown }[];
}

/** What the service said no with. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(`${status}: ${problem.detail ?? 'no reason given'}`);
    this.name = 'Refused';
  }
}

/** Nobody is there. */
export class NotRunning extends Error {
  constructor(url: string) {
    super(`Nothing answers at ${url}. Start the service in another terminal (npm start), or give --url.`);
    this.name = 'NotRunning';
  }
}

export type Json = Readonly<Record<string, unknown>>;

/** Parts of a request that are not its address. */
export interface Sending {
  readonly json?: unknown;
  readonly csv?: string;
}

/** The running service, asked over HTTP like by anybody else. */
export class Service {
  private token: string | null = null;

  constructor(readonly url: string) {}

  /** **Errors**: `Refused`, `NotRunning`. */
  async signIn(login: string, password: string): Promise<void> {
    const session = await this.send('POST', '/v1/sessions', { json: { login, password } });
    this.token = String(session['token']);
  }

  /** Ends the session. */
  async signOut(): Promise<void> {
    if (this.token !== null) await this.send('DELETE', '/v1/sessions/current');
    this.token = null;
  }

  /** The answer's body. **Errors**: `Refused`, `NotRunning`. */
  async send(method: string, path: string, { json, csv }: Sending = {}): Promise<Json> {
    const type = csv === undefined ? 'application/json' : 'text/csv';
    const body = csv ?? (json === undefined ? null : JSON.stringify(json));
    const headers = {
      ...(body === null ? {} : { 'content-type': type }),
      ...(this.token === null ? {} : { authorization: `Bearer ${this.token}` }),
    };
    const answer = await fetch(`${this.url}${path}`, { method, headers, body }).catch(() => {
      throw new NotRunning(this.url);
    });
    const text = await answer.text();
    const isJson = /\bjson\b/.test(answer.headers.get('content-type') ?? '');
    const read = isJson ? (JSON.parse(text) as Json) : {};
    if (!answer.ok) throw new Refused(answer.status, read);
    return read;
  }
}
