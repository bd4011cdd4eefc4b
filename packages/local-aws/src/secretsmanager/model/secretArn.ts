import { createHash } from 'node:crypto';

/**
 * ARN of a secret. AWS ends it with six characters of its own, so that a policy for a secret that was deleted
 * doesn't fit one that takes its name; here they come from the name, so that `Ref` is the same after a restart.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
 */
export function secretArn(secret: {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  readonly name: string;
}): string {
  const { partition, region, account, name } = secret;
  const suffix = createHash('sha256').update(`${account}/${region}/${name}`).digest('hex').slice(0, 6);
  return `arn:${partition}:secretsmanager:${region}:${account}:secret:${name}-${suffix}`;
}
