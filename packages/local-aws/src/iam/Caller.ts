import type { Policy } from './policy.ts';

/** The credentials that a call is signed with. */
export interface Signer {
  /** ID of the key that has signed the call. */
  readonly accessKeyId: string;
  /** Name of the session that the call's token belongs to; undefined for a key that needs no token. */
  readonly session?: string | undefined;
}

/** The identity that makes a call. */
export interface Caller {
  /** ARN of a role, user or account root. For a session, the ARN of its role. */
  readonly arn: string;
  /** 12 digits. */
  readonly account: string;
  /** ARN of its session, which refusals show; undefined for users and roots. */
  readonly sessionArn?: string | undefined;
  /**
   * Its own policies, loaded on first use. Undefined if none are known here: for the root of an account, and for the
   * owner of the key `test`. They may do everything in their account that no policy forbids.
   */
  readonly policies?: (() => readonly Policy[]) | undefined;
  /**
   * Whether it is a role or user of the deployed template whose policies are not enforced: they apply in other accounts,
   * and in its own account calls are allowed. See `enforceIam` in server/LocalAws.ts.
   */
  readonly deployed?: boolean | undefined;
  /**
   * Its permissions boundary, which limits what its own policies allow; undefined for none.
   * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
   */
  readonly boundary?: (() => Policy) | undefined;
  /**
   * The session policy given when the role was assumed, which applies in every account; undefined for none.
   * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
   */
  readonly sessionPolicy?: (() => Policy) | undefined;
}

/** Whether a caller may do everything in its own account that no resource's policy forbids. */
export function isUnbound({ policies, deployed, sessionPolicy }: Caller): boolean {
  return (deployed === true || policies === undefined) && sessionPolicy === undefined;
}

/** The root of an account. */
export function rootOf(account: string): Caller {
  return { arn: `arn:aws:iam::${account}:root`, account };
}

/** Whether a caller is the root of its account. */
export function isRoot({ arn }: Pick<Caller, 'arn'>): boolean {
  return arn.endsWith(':root');
}

/** ARN of a role's session: `arn:aws:sts::111122223333:assumed-role/app/load-7`. */
export function roleSessionArn(roleArn: string, session: string): string {
  const [, partition = 'aws', , , account = ''] = roleArn.split(':');
  return `arn:${partition}:sts::${account}:assumed-role/${roleArn.split('/').at(-1)}/${session}`;
}

/** The number of an account. */
const ACCOUNT = /^\d{12}$/;

/** The key of the root of the deployment's account. */
const DEPLOYMENT_KEY = 'test';
/** The secret of every key that is an account number, and of the deployment's key. */
const SECRET = 'test';

/**
 * The account whose root signs with an access key, if the key is an account's 12 digits. This gives further accounts
 * without any setup, as in other local AWS tools.
 */
export function accountOfKey(accessKeyId: string): string | undefined {
  return ACCOUNT.test(accessKeyId) ? accessKeyId : undefined;
}

/** The secret of a predefined access key; undefined for any other. */
export function secretOfKey(accessKeyId: string): string | undefined {
  return accessKeyId === DEPLOYMENT_KEY || accountOfKey(accessKeyId) !== undefined ? SECRET : undefined;
}
