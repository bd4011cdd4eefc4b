import { createHash, createHmac } from 'node:crypto';
import { accountOfKey, rootOf, secretOfKey } from './Caller.ts';

/** The credentials that a client signs with. */
export interface Credentials {
  /** ID of the key, `AKIA…`, or `ASIA…` of a session. */
  readonly accessKeyId: string;
  /** The secret that signs. */
  readonly secretAccessKey: string;
}

/** The credentials of a role's session. */
export interface SessionCredentials extends Credentials {
  /** The key is invalid without the token. */
  readonly sessionToken: string;
}

/** The beginning of a key of a session: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids */
const TEMPORARY = 'ASIA';
/** The beginning of a key that has no session. */
const LONG_TERM = 'AKIA';

/**
 * The owner of each access key. The account's root has the given key. Each role or user has generated credentials,
 * which are the same after every start.
 */
export class AccessKeys {
  readonly #seed: string;
  /** By access key. */
  readonly #secrets = new Map<string, string>();
  readonly #arns = new Map<string, string>();

  /** @param seed Seed of generated keys. */
  constructor(root: { readonly arn: string } & Credentials, seed: string) {
    this.#seed = seed;
    this.#add(root.arn, root);
  }

  /**
   * Access key → secret, to check signatures at the edge. Grows as credentials are issued. The root of any other
   * account signs with the account's number: Caller.ts.
   */
  get secrets(): Pick<ReadonlyMap<string, string>, 'get'> {
    return { get: (accessKeyId) => this.#secrets.get(accessKeyId) ?? secretOfKey(accessKeyId) };
  }

  /** Credentials of a role or user, by its ARN, without a session token: for functions and the control API. */
  issue(arn: string): Credentials {
    return this.#generate(arn, LONG_TERM, 'credentials');
  }

  /**
   * Credentials of a role's session. All sessions share one key; the token identifies the session.
   *
   * @param policy Session policy in JSON. Sessions with one have a key for each policy, unknown after a restart.
   */
  issueSession(arn: string, session: string, policy?: string): SessionCredentials {
    const kind = policy === undefined ? 'sessions' : `sessions, with ${policy},`;
    const credentials = this.#generate(arn, TEMPORARY, kind);
    return { ...credentials, sessionToken: tokenOf(session, credentials.secretAccessKey) };
  }

  /**
   * Name of the session of a key and its token; `local` for a key that needs no token. Undefined when the token is
   * missing or doesn't belong to the key, as any token of a long-term key, such as the text `None` of an unset variable.
   * Predefined keys ({@link secretOfKey}) may have any: other local AWS tools ask for one.
   */
  sessionOf(accessKeyId: string, token: string | undefined): string | undefined {
    if (!accessKeyId.startsWith(TEMPORARY))
      return token === undefined || secretOfKey(accessKeyId) !== undefined ? 'local' : undefined;
    const secret = this.#secrets.get(accessKeyId);
    if (token === undefined || secret === undefined) return undefined;
    const [name = ''] = token.split('.');
    const session = Buffer.from(name, 'base64url').toString();
    return token === tokenOf(session, secret) ? session : undefined;
  }

  /** Lets a user sign with its own access keys. */
  admit(arn: string, credentials: Credentials): void {
    this.#add(arn, credentials);
  }

  /** ARN of the owner of an access key; undefined for an unknown key. */
  arnOf(accessKeyId: string): string | undefined {
    const account = accountOfKey(accessKeyId);
    return this.#arns.get(accessKeyId) ?? (account === undefined ? undefined : rootOf(account).arn);
  }

  /** Makes a key from the seed: the same for the same role or user, also after a restart. */
  #generate(arn: string, prefix: string, kind: string): Credentials {
    const digest = createHash('sha256').update(`${this.#seed} ${kind} of ${arn}`).digest();
    const credentials = {
      accessKeyId: `${prefix}${base32(digest.subarray(0, 10))}`,
      secretAccessKey: digest.toString('base64url'),
    };
    this.#add(arn, credentials);
    return credentials;
  }

  /** Lets a key sign. */
  #add(arn: string, { accessKeyId, secretAccessKey }: Credentials): void {
    this.#secrets.set(accessKeyId, secretAccessKey);
    this.#arns.set(accessKeyId, arn);
  }
}

/** A session's token: its name, and a signature of it. It needs no storage, and is valid after a restart. */
function tokenOf(session: string, secret: string): string {
  const name = Buffer.from(session).toString('base64url');
  return `${name}.${createHmac('sha256', secret).update(session).digest('base64url')}`;
}

/** Encodes bytes in the alphabet of AWS's access keys. */
function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? [])
    .map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five, 2)])
    .join('');
}
