import { AwsError } from '../edge/AwsError.ts';
import { decide } from '../iam/decide.ts';
import { readPolicy } from '../iam/readPolicy.ts';
import type { KeyAccess } from '../s3/wire/S3Operation.ts';
import type { Keys } from './model/Keys.ts';

/**
 * Lets S3 use keys for its callers. A key of the template is there for everybody in its account, as what its policy says
 * is held against recorded calls; of a key that somebody made the policy decides, and it takes both sides' word for
 * anybody of another account. A key that nobody knows here belongs to whoever says so.
 */
export function keyAccess(keys: Pick<Keys, 'find'>): KeyAccess {
  return {
    demand({ caller, key: id, owner, region, action }) {
      const key = id === undefined ? undefined : keys.find(id);
      const account = key?.account ?? accountOf(id) ?? owner;
      if (key !== undefined && !key.enabled)
        throw new AwsError('KMS.DisabledException', 400, `${key.arn} is disabled.`);
      if (key === undefined && caller.account !== account) throw denied(caller.arn, action, id ?? 'aws/s3');
      if (key === undefined || (!key.made && caller.account === account)) return;
      const decision = decide({
        ...{ caller, action, resource: key.arn, owner: account },
        context: { 'kms:ViaService': `s3.${region}.amazonaws.com`, 'kms:CallerAccount': caller.account },
        resourcePolicy: readPolicy(JSON.parse(key.policy)),
        resourceDecides: true,
      });
      // S3 passes KMS's refusal on as its own, and only the sentence tells.
      if (!decision.allowed) throw new AwsError('AccessDenied', 403, decision.because);
    },
  };
}

function accountOf(id: string | undefined): string | undefined {
  return id?.startsWith('arn:') ? id.split(':')[4] : undefined;
}

function denied(who: string, action: string, key: string): AwsError {
  return new AwsError(
    'AccessDenied',
    403,
    `User: ${who} is not authorized to perform: ${action} on resource: "${key}" because no resource-based policy allows the ${action} action`,
  );
}
