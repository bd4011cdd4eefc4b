import { decide } from '../iam/decide.ts';
import { readPolicy } from '../iam/policy.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { KeyAccess } from '../s3/wire/S3Operation.ts';
import type { Keys } from './Keys.ts';

/** A name of a key of AWS's, and the service that it is for. */
const AWS_ALIAS = /(?:^|:)alias\/aws\/(.+)$/;

/**
 * Lets S3 use keys for its callers. Everybody in the account may use a key of the template, because its policy is
 * compared with recorded calls. The policy of a key made by a call decides; a caller of another account also needs its
 * own policy to allow it. S3 writes nothing with a key of another region than the bucket's, nor with a key that does not
 * exist in an account that has keys here. In other accounts every name is taken for a key. Keys of AWS, `alias/aws/…`,
 * are in every account; of those only S3's own may be used through S3:
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
      // S3 passes KMS's refusal on as its own, and only the sentence tells.
      if (!decision.allowed) throw new AwsError('AccessDenied', 403, decision.because);
    },
  };
}

/** KMS's own, as S3 passes it on. */
function notFound(message: string): AwsError {
  return new AwsError('KMS.NotFoundException', 400, message);
}

/** In KMS's words. @param place ARN as far as the account. */
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
