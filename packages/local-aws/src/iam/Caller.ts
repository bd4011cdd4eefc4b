import type { Policy } from './policy.ts';

/** The credentials that a call is signed with. */
export interface Signer {
  /** ID of the key that has signed the call. */
  readonly accessKeyId: string;
  /** Name of the session that the call's token belongs to. Undefined where tokens are not checked. */
  readonly session?: string | undefined;
}

/** The identity that makes a call. */
export interface Caller {
  /** ARN of a role, user or account root; for a session, of its role. Of a service, its name: `scheduler.amazonaws.com`. */
  readonly arn: string;
  /** 12 digits; of a service, its name. */
  readonly account: string;
  /** ARN of its session, which refusals show; undefined for users and roots. */
  readonly sessionArn?: string | undefined;
  /**
   * Its own policies, loaded on first use. Undefined for a root, and where none are known here: for users of other
   * accounts, and for services. They may do everything in their account that no policy forbids.
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

/** Finds a caller by its access key alone: the root of the account whose ID the key is, else of the deployment's. */
export function rootByKey(account: string): (signer: Signer) => Caller {
  return ({ accessKeyId }) => rootOf(accountOfKey(accessKeyId) ?? account);
}

/** What is known of the roles and users of all accounts. */
interface KnownCallers {
  /** The caller that acts as a role or user; undefined if it does not exist. */
  caller(arn: string): Caller | undefined;
  /** The session policy of an access key; undefined for none. */
  sessionPolicy(accessKeyId: string): Policy | undefined;
}

/**
 * Finds who signs with an access key: the role or user that it was issued to; else the root of the account whose ID
 * is the key; else the root of the deployment's account.
 */
export function createCallerLookup(options: {
  /** ARN of the role, user or root that a key was issued to; undefined for none. */
  readonly arnOf: (accessKeyId: string) => string | undefined;
  /** The roles and users of all accounts. */
  readonly roles: KnownCallers;
  /** The deployment's account. */
  readonly account: string;
}): (signer: Signer) => Caller {
  return ({ accessKeyId, session }) => {
    const arn = options.arnOf(accessKeyId);
    const caller = arn === undefined ? undefined : options.roles.caller(arn);
    const sessionPolicy = options.roles.sessionPolicy(accessKeyId);
    if (caller !== undefined)
      return {
        ...inSession(caller, session),
        ...(sessionPolicy === undefined ? {} : { sessionPolicy: () => sessionPolicy }),
      };
    if (arn !== undefined && isForeignUser(arn, options.account)) return { arn, account: accountOf(arn) };
    // A deleted role has no permissions left. Without this it would act as the root and be allowed everything.
    if (arn !== undefined && !isRoot({ arn }))
      return inSession({ arn, account: accountOf(arn), policies: () => [] }, session);
    return rootOf(accountOfKey(accessKeyId) ?? options.account);
  };
}

/** The account in an ARN of IAM. */
export function accountOf(arn: string): string {
  return arn.split(':')[4] ?? '';
}

/**
 * Whether an ARN is of a user of another account than the deployment's, such as a vendor's. Its own policies are unknown here,
 * and taken to allow everything. The policies of resources decide what such a user may do.
 */
export function isForeignUser(arn: string, account: string): boolean {
  return /^arn:aws[\w-]*:iam::\d{12}:user\/[\w+=,.@/-]+$/.test(arn) && accountOf(arn) !== account;
}

/** Name of the session of a role whose key needs no token. */
const LOCAL_SESSION = 'local';

/** A caller in a session, if it is a role. */
export function inSession(caller: Caller, session = LOCAL_SESSION): Caller {
  return caller.arn.includes(':role/')
    ? { ...caller, sessionArn: roleSessionArn(caller.arn, session) }
    : caller;
}
