const ACCOUNT = /^\d{12}$/;

/** The secret of every key that is an account, and of the key `test`, which is the deployment's. */
const SECRET = 'test';

/**
 * The account whose root signs with an access key: the key itself, where it is an account's 12 digits. So a second
 * account needs no setting up, as in other local AWS tools.
 */
export function accountOfKey(accessKeyId: string): string | undefined {
  return ACCOUNT.test(accessKeyId) ? accessKeyId : undefined;
}

/** The secret of an access key that is always there; undefined for any other. */
export function secretOfKey(accessKeyId: string): string | undefined {
  return accessKeyId === 'test' || accountOfKey(accessKeyId) !== undefined ? SECRET : undefined;
}
