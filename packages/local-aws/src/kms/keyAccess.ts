import type { Caller } from '../iam/Caller.ts';
import { decide } from '../iam/decide.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { KeyAccess, KeyUse } from '../s3/wire/S3Operation.ts';
import { type Key, type Keys, keyPolicyFor } from './Keys.ts';

/** The name of an AWS managed key, with its service. */
const AWS_ALIAS = /(?:^|:)alias\/aws\/(.+)$/;

/**
 * Lets S3 use keys for its callers. A key's policy decides, and the caller's own policies. The exception are the root
 * and the template's roles and users whose policies are not enforced: they may use the template's keys unless a key's policy
 * denies it.
 *
 * S3 writes nothing with a key of another region than the bucket's, nor with a missing key of an account that has keys here.
 * In other accounts every name is assumed to be a key. AWS managed keys, `alias/aws/…`, exist in every account; only S3's own
 * may be used through S3: https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
 */
export function keyAccess(keys: Pick<Keys, 'find' | 'areIn' | 'requireUsable'>): KeyAccess {
  return {
    requireUse(use) {
      const { caller, key: id, owner, region, action } = use;
      const key = id === undefined ? undefined : keys.find(id);
      const [, , , keyRegion = region, account = owner] = id?.startsWith('arn:') ? id.split(':') : [];
      const place = { keyRegion, account, bucketRegion: region };
      if (action === 'kms:GenerateDataKey') requireRegion(id, key, place);
      keys.requireUsable(key);
      if (key === undefined && caller.account !== account) throw denied(caller, action, id ?? 'aws/s3');
      if (id === undefined) return undefined;
      const [, service] = AWS_ALIAS.exec(id) ?? [];
      if (service !== undefined) {
        if (service !== 's3') throw denied(caller, action, id);
        return key?.arn;
      }
      if (action === 'kms:GenerateDataKey' && key === undefined && keys.areIn(account))
        throw notFound(doesNotExist(id, `arn:aws:kms:${region}:${account}`));
      requirePolicies(use, id, key, account);
      return key?.arn;
    },
  };
}

/** Requires that the key of an object to be written is in the region of its bucket. @throws AwsError */
function requireRegion(
  id: string | undefined,
  key: Key | undefined,
  place: { readonly keyRegion: string; readonly account: string; readonly bucketRegion: string },
): void {
  const { keyRegion, account, bucketRegion } = place;
  if (keyRegion !== bucketRegion) throw notFound(`Invalid arn ${keyRegion}`);
  // A bare ID is one of the bucket's region.
  if (id !== undefined && key !== undefined && key.region !== bucketRegion)
    throw notFound(doesNotExist(id, `arn:aws:kms:${bucketRegion}:${account}`));
}

/** Requires that the policies of a key and of a caller allow the use. @throws AwsError `AccessDenied` */
function requirePolicies(
  { caller, region, action }: KeyUse,
  id: string,
  key: Key | undefined,
  account: string,
): void {
  const decision = decide({
    caller,
    action,
    // A key that is not here, because it exists on AWS only, delegates to the policies of its account.
    resource: key?.arn ?? id,
    owner: key?.account ?? account,
    context: { 'kms:ViaService': `s3.${region}.amazonaws.com`, 'kms:CallerAccount': caller.account },
    ...(key === undefined ? { resourcePolicy: undefined } : keyPolicyFor(key, caller)),
  });
  // S3 returns KMS's refusal as its own error. Only the message identifies KMS.
  if (!decision.allowed) throw new AwsError('AccessDenied', 403, decision.because);
}

/** KMS's error, as S3 returns it. */
function notFound(message: string): AwsError {
  return new AwsError('KMS.NotFoundException', 400, message);
}

/** KMS's message. @param place ARN up to the account. */
function doesNotExist(id: string, place: string): string {
  const arn = id.startsWith('arn:') ? id : `${place}:${id.startsWith('alias/') ? '' : 'key/'}${id}`;
  return arn.includes(':alias/') ? `Alias ${arn} is not found.` : `Key '${arn}' does not exist`;
}

/** Nothing allows a caller to use a key of another account that is unknown here. */
function denied({ arn, sessionArn }: Caller, action: string, key: string): AwsError {
  return new AwsError(
    'AccessDenied',
    403,
    `User: ${sessionArn ?? arn} is not authorized to perform: ${action} on resource: ${key} because no resource-based policy allows the ${action} action`,
  );
}
