import { createHash } from 'node:crypto';
import { accountOfKey, secretOfKey } from '../iam/accountKeys.ts';
import { rootOf } from '../iam/Caller.ts';

/** What a client signs with. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * Who signs with which access key: the account's root with the one given, and each role or user with credentials of
 * its own, the same after every start.
 */
export class Principals {
  readonly #secrets = new Map<string, string>();
  readonly #arns = new Map<string, string>();

  constructor(root: { readonly arn: string } & Credentials) {
    this.#add(root.arn, root);
  }

  /**
   * Access key → secret, as the edge checks signatures; grows as credentials are issued. The root of any other account
   * signs with the account's number: local/iam/accountKeys.ts.
   */
  get secrets(): Pick<ReadonlyMap<string, string>, 'get'> {
    return { get: (accessKeyId) => this.#secrets.get(accessKeyId) ?? secretOfKey(accessKeyId) };
  }

  /** Credentials of a role or user, by its ARN. */
  issue(arn: string): Credentials {
    const digest = createHash('sha256').update(`sluice local credentials of ${arn}`).digest();
    const credentials = {
      accessKeyId: `ASIA${base32(digest.subarray(0, 10))}`,
      secretAccessKey: digest.toString('base64url'),
    };
    this.#add(arn, credentials);
    return credentials;
  }

  /** Lets a user sign with access keys of its own. */
  admit(arn: string, credentials: Credentials): void {
    this.#add(arn, credentials);
  }

  /** ARN of whoever has an access key; undefined when nobody has. */
  arnOf(accessKeyId: string): string | undefined {
    const account = accountOfKey(accessKeyId);
    return this.#arns.get(accessKeyId) ?? (account === undefined ? undefined : rootOf(account).arn);
  }

  #add(arn: string, { accessKeyId, secretAccessKey }: Credentials): void {
    this.#secrets.set(accessKeyId, secretAccessKey);
    this.#arns.set(accessKeyId, arn);
  }
}

/** The alphabet of AWS's access keys. */
function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? [])
    .map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five, 2)])
    .join('');
}
