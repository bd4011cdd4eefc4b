import { type Caller, isUnbound } from '../iam/Caller.ts';
import { decide } from '../iam/decide.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { KeyAccess } from '../s3/wire/S3Operation.ts';
import { type Keys, keyPolicy } from './Keys.ts';

/** The name of an AWS managed key, with its service. */
const AWS_ALIAS = /(?:^|:)alias\/aws\/(.+)$/;

/**
 * Lets S3 use keys for its callers. A key's policy decides, and the caller's own policies. The exception are the root
 * and the template's roles and users whose policies are not enforced: they may use the template's keys. S3 writes nothing with a key of another region than the bucket's, nor with a missing
 * key of an account that has keys here. In other accounts every name is assumed to be a key. AWS managed keys,
 * `alias/aws/…`, exist in every account; only S3's own may be used through S3:
 * https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
 */
export function keyAccess(keys: Pick<Keys, 'find' | 'areIn' | 'requireUsable'>): KeyAccess {
  return {
    requireUse({ caller, key: id, owner, region, action }) {
      const [, , , keyRegion = region, account = owner] = id?.startsWith('arn:') ? id.split(':') : [];
      const writes = action === 'kms:GenerateDataKey';
      if (writes && keyRegion !== region) throw notFound(`Invalid arn ${keyRegion}`);
      const key = id === undefined ? undefined : keys.find(id);
      // A bare ID is one of the bucket's region.
      if (writes && id !== undefined && keyRegion === region && key !== undefined && key.region !== region)
        throw notFound(doesNotExist(id, `arn:aws:kms:${region}:${account}`));
      keys.requireUsable(key);
      if (key === undefined && caller.account !== account) throw denied(caller, action, id ?? 'aws/s3');
      const [, service] = AWS_ALIAS.exec(id ?? '') ?? [];
      if (service !== undefined && service !== 's3') throw denied(caller, action, id ?? '');
      if (writes && key === undefined && service === undefined && id !== undefined && keys.areIn(account))
        throw notFound(doesNotExist(id, `arn:aws:kms:${region}:${account}`));
      // A key that is not here, because it exists on AWS only, delegates to the policies of its account.
      const resource = key?.arn ?? id;
      if (resource === undefined || service !== undefined) return key?.arn;
      const decides = key !== undefined && (key.made || caller.account !== key.account || !isUnbound(caller));
      const decision = decide({
        caller,
        action,
        resource,
        owner: key?.account ?? account,
        context: { 'kms:ViaService': `s3.${region}.amazonaws.com`, 'kms:CallerAccount': caller.account },
        resourcePolicy: decides ? keyPolicy(key) : undefined,
        resourceDecides: decides,
      });
      // S3 returns KMS's refusal as its own error. Only the message identifies KMS.
      if (!decision.allowed) throw new AwsError('AccessDenied', 403, decision.because);
      return key?.arn;
    },
  };
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

function denied({ arn, sessionArn }: Caller, action: string, key: string): AwsError {
  return new AwsError(
    'AccessDenied',
    403,
    `User: ${sessionArn ?? arn} is not authorized to perform: ${action} on resource: ${key} because no resource-based policy allows the ${action} action`,
  );
}
