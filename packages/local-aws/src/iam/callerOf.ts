import { accountOfKey } from './accountKeys.ts';
import { type Caller, rootOf } from './Caller.ts';
import type { Roles } from './Roles.ts';

/**
 * Tells who signs with an access key: the role or user that it was issued to, else the root of the account that the key
 * is, else the root of the deployment's account.
 */
export function callerOf(options: {
  /** ARN of whom a key was issued to. */
  readonly arnOf: (accessKeyId: string) => string | undefined;
  readonly roles: Pick<Roles, 'caller' | 'sessionPolicy'>;
  /** The deployment's account. */
  readonly account: string;
}): (accessKeyId: string) => Caller {
  return (accessKeyId) => {
    const arn = options.arnOf(accessKeyId);
    const found = arn === undefined ? undefined : options.roles.caller(arn);
    const sessionPolicy = options.roles.sessionPolicy(accessKeyId);
    if (found !== undefined)
      return sessionPolicy === undefined ? found : { ...found, sessionPolicy: () => sessionPolicy };
    // A role that was deleted since may do nothing any more; as the root it could do all.
    if (arn !== undefined && !arn.endsWith(':root'))
      return { arn, account: arn.split(':')[4] ?? '', policies: () => [] };
    return rootOf(accountOfKey(accessKeyId) ?? options.account);
  };
}
