import { decide } from '../iam/decide.ts';
import { readPolicy } from '../iam/policy.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { KeyAccess } from '../s3/wire/S3Operation.ts';
import type { Keys } from './Keys.ts';

/** The name of an AWS managed key, with its service. */
const AWS_ALIAS = /(?:^|:)alias\/aws\/(.+)$/;

/**
 * Lets S3 use keys for its callers. Everyone in the account may use a key of the template, because its policy is
 * compared with recorded calls. For a key created by a call, its policy decides; a caller of another account also needs
 * permission by its own policy. S3 writes nothing with a key of another region than the bucket's, nor with a missing
 * key of an account that has keys here. In other accounts every name is assumed to be a key. AWS managed keys,
 * `alias/aws/…`, exist in every account; only S3's own may be used through S3:
 * https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
 */
export function keyAccess(keys: Pick<Keys, 'find' | 'areIn'>): KeyAccess {
  return {
    requireUse({ caller, key: id, owner, region, action }) {
      const [, , , keyRegion = region, account = owner] = id?.startsWith('arn:') ? id.split(':') : [];
      const writes = action === 'kms:GenerateDataKey';
      if (writes && keyRegion !== region) throw notFound(`Invalid arn ${keyRegion}`);
      const key = id === undefined ? undefined : keys.find(id);
      if (key !== undefined && !key.enabled)
        throw new AwsError('KMS.DisabledException', 400, `${key.arn} is disabled.`);
      if (key === undefined && caller.account !== account) throw denied(caller.arn, action, id ?? 'aws/s3');
      const [, service] = AWS_ALIAS.exec(id ?? '') ?? [];
      if (service !== undefined && service !== 's3') throw denied(caller.arn, action, id ?? '');
      if (writes && key === undefined && service === undefined && id !== undefined && keys.areIn(account))
        throw notFound(doesNotExist(id, `arn:aws:kms:${region}:${account}`));
      if (key === undefined) return;
      const decides = key.made || caller.account !== key.account;
      const decision = decide({
        caller,
        action,
        resource: key.arn,
        owner: key.account,
        context: { 'kms:ViaService': `s3.${region}.amazonaws.com`, 'kms:CallerAccount': caller.account },
        resourcePolicy: decides ? readPolicy(JSON.parse(key.policy)) : undefined,
        resourceDecides: decides,
      });
      // S3 returns KMS's refusal as its own error. Only the message identifies KMS.
      if (!decision.allowed) throw new AwsError('AccessDenied', 403, decision.because);
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

function denied(who: string, action: string, key: string): AwsError {
  return new AwsError(
    'AccessDenied',
    403,
    `User: ${who} is not authorized to perform: ${action} on resource: "${key}" because no resource-based policy allows the ${action} action`,
  );
}
