/** The little of autocannon that is used; the package brings no types. */
declare module 'autocannon' {
  interface Client {
    setRequests(
      requests: readonly { readonly path: string; readonly method?: 'POST'; readonly body?: string }[],
    ): void;
  }
  interface Result {
    /** **Units**: seconds. */
    readonly duration: number;
    readonly errors: number;
    readonly timeouts: number;
    readonly non2xx: number;
    readonly '2xx': number;
    readonly latency: { readonly p50: number; readonly p99: number };
  }
  interface Options {
    readonly url: string;
    readonly connections: number;
    /** **Units**: seconds. */
    readonly duration: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly setupClient: (client: Client) => void;
  }
  export default function autocannon(options: Options): Promise<Result>;
}
