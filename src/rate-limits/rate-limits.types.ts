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
  /**
   * What was typed, case ignored; for a person who is signed in, anything that stands for the account. **Why** not the id of the
   * account that a login belongs to: unknown logins must be limited alike.
   */
  readonly account: string;
  readonly address: string | undefined;
}
