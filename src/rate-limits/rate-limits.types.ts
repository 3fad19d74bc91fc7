/** The limits that there are. Their numbers stand in the configuration. */
export type RateLimitName = 'default' | 'registration';

/** Who asks, as far as limits go. */
export interface LimitedClient {
  /** Null for visitors and strangers, who are counted by address. */
  readonly userId: string | null;
  /** As the server sees it; a text that is no address counts with all others of its kind. */
  readonly address: string | undefined;
}

/** One limit for one client. **Units**: requests per window. */
export interface Quota {
  readonly limit: number;
  readonly windowSeconds: number;
}

/** How a client stands after it asked. */
export interface Standing extends Quota {
  readonly name: RateLimitName;
  readonly accepted: boolean;
  /** Requests left, as far as this process knows; others may be taking them. */
  readonly remaining: number;
  /** Until the window is over; whoever waits that long is accepted. */
  readonly resetSeconds: number;
}

/** A guess at a secret that proves who somebody is. */
export interface Guess {
  /** The account guessed at: its id where the login is known, what was typed, case ignored, where it is not. Both are limited alike. */
  readonly account: { readonly userId: string } | { readonly login: string };
  readonly address: string | undefined;
  /** Whether the request came with a live session of that account: then what others did at the address does not count. */
  readonly isSignedIn?: boolean;
}
