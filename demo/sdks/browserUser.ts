/** A user of an SDK, in the form that both browser SDKs take. */
export interface BrowserUser {
  /** ID of the user. */
  readonly userID: string;
  /** Language and country of the browser, as `en_GB`. */
  readonly locale: string;
  /** Other unit IDs by their names. */
  readonly customIDs: Record<string, string>;
  /** Traits of the user by their names. */
  readonly custom: Record<string, string>;
}

/**
 * One of the users of a browser SDK.
 *
 * @param userPrefix Beginning of the user's ID.
 * @param i Number of the user, from 0.
 */
export function browserUser({ userPrefix }: { readonly userPrefix: string }, i: number): BrowserUser {
  return {
    userID: `${userPrefix}-${i}`,
    locale: 'en_GB',
    customIDs: { companyID: `company-${i % 3}` },
    custom: { plan: i % 2 === 0 ? 'pro' : 'free' },
  };
}
