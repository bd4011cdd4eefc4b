import { DescribeKeyCommand, type DescribeKeyCommandOutput } from '@aws-sdk/client-kms';
import { whyUnread } from '../../explainAwsError.ts';
import { NO_KEY } from '../../facts/statusFacts.ts';
import { judgeKey, type KeyUser } from '../../findings/judge/deployment/key.ts';
import { ifThere, isNamed } from '../../ifThere.ts';
import { type Look, missing, type Question, settled, unsaid } from '../Look.ts';

/** Keys that the configuration brings, before a deployment, which does not try them all. */
export const broughtKeysLook: Look = {
  name: 'key',
  expects: 'a key that the configuration names is there, enabled and of a kind that its user takes',
  async find({ isLocal, config: { existing, logs }, clients: { kms }, commands }) {
    // The local cloud has only the keys of the template.
    if (isLocal) return [];
    const findFaults = async (arn: string, user: KeyUser) => {
      let answer: DescribeKeyCommandOutput | undefined;
      try {
        answer = await ifThere(kms.send(new DescribeKeyCommand({ KeyId: arn })));
      } catch (error) {
        // The key's policy need not allow it to whoever deploys: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
        if (isNamed(error, /^AccessDenied/))
          return [
            unsaid(
              `KMS does not say whether the key ${arn} is enabled and of a kind that fits`,
              whyUnread(error),
            ),
          ];
        throw error;
      }
      return answer === undefined
        ? [missing(`The key ${arn}`, 'own')]
        : judgeKey({ Arn: arn, ...answer.KeyMetadata }, commands, { user });
    };
    const keys = [
      { user: 'bucket', arn: existing.keyArn },
      { user: 'logs', arn: logs.kmsKeyArn },
    ] as const;
    return settled(
      keys.flatMap(({ user, arn }): Question[] =>
        arn === null ? [] : [[`the key ${arn}`, findFaults(arn, user)]],
      ),
    );
  },
};

/** The KMS key, the stack's or an existing one: without it, no data can be read. */
export const keyLook: Look = {
  name: 'key',
  expects: 'the key is enabled, symmetric and single-Region',
  async find({ isLocal, config, key, stackName, clients: { kms }, commands }) {
    if (key.kind === 's3') return [];
    if (key.kind === 'unknown') return [missing(`The key of ${stackName}`, isLocal ? 'local' : 'drift')];
    // The local cloud has only the keys of the template.
    if (isLocal && config.existing.keyArn !== null) return [];
    const found = await ifThere(kms.send(new DescribeKeyCommand({ KeyId: key.arn })));
    // A brought key that is not there is most likely mistyped: nobody knows that it was deleted.
    if (found === undefined && config.existing.keyArn !== null) return [missing(`The key ${key.arn}`, 'own')];
    return judgeKey({ Arn: key.arn, KeyState: NO_KEY, ...found?.KeyMetadata }, commands);
  },
};
