import type { Policy } from './policy.ts';

/** Who makes a call. */
export interface Caller {
  /** Of a role, user or account root: of a session that of its role. */
  readonly arn: string;
  /** 12 digits. */
  readonly account: string;
  /**
   * What its own policies say, read when it is first needed; undefined for whom none are known here: the root of an
   * account, and the owner of the key `test`. They may do everything in their account that no policy forbids.
   */
  readonly policies?: (() => readonly Policy[]) | undefined;
  /**
   * A role or user of the deployed template. Its policies count where it goes to another account; in its own they are
   * held against recorded calls by the permission proof, and have no effect.
   */
  readonly deployed?: boolean | undefined;
  /**
   * What it was narrowed to when the role was assumed, in every account; undefined for no session policy.
   * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
   */
  readonly sessionPolicy?: (() => Policy) | undefined;
}

/** Whether it may do in its own account whatever no policy of a resource forbids. */
export function isUnbound({ policies, deployed, sessionPolicy }: Caller): boolean {
  return (deployed === true || policies === undefined) && sessionPolicy === undefined;
}

/** The root of an account. */
export function rootOf(account: string): Caller {
  return { arn: `arn:aws:iam::${account}:root`, account };
}

/** Whether it is the root of its account. */
export function isRoot({ arn }: Pick<Caller, 'arn'>): boolean {
  return arn.endsWith(':root');
}

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
