import { ConfigError } from '../../lib/config/ConfigError.ts';
import type { Stack } from '../template/Stack.ts';
import type { AllowStatement } from './policies.ts';

/**
 * Characters for statements, of the 10,240 that a role's inline policies may have in total.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
 */
const MAX_POLICY_CHARACTERS = 10_000;
/** Length of the longest ARN that `Ref` and `Fn::GetAtt` return here: that of a queue with the longest possible name. */
const LONGEST_REFERENCE = 130;
/** Longest value of each pseudo parameter. */
const LONGEST_PSEUDO_PARAMETERS = {
  Partition: 'aws-us-gov',
  Region: 'ap-northeast-1',
  AccountId: '0'.repeat(12),
};

/**
 * The statements of a role, if they have no more characters than IAM allows.
 *
 * @throws ConfigError `SLUICE_CONFIG_ROLE_TOO_LARGE`, before CloudFormation has begun.
 */
export function requirePolicySize(
  stack: Stack,
  statements: readonly AllowStatement[],
): readonly AllowStatement[] {
  const length = policyLength(stack, statements);
  if (length <= MAX_POLICY_CHARACTERS) return statements;
  throw new ConfigError('SLUICE_CONFIG_ROLE_TOO_LARGE', `${length} characters of ${MAX_POLICY_CHARACTERS}.`);
}

/** The most characters that statements can have once all references are resolved. */
function policyLength({ config }: Stack, allowances: readonly AllowStatement[]): number {
  const names: Readonly<Record<string, string>> = {
    'DataBucket.Arn': `arn:${LONGEST_PSEUDO_PARAMETERS.Partition}:s3:::${config.bucket}`,
    Database: config.database,
    ...Object.fromEntries(
      Object.entries(LONGEST_PSEUDO_PARAMETERS).map(([name, value]) => [`AWS::${name}`, value]),
    ),
  };
  const filledIn = (_: string, value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if ('Ref' in value || 'Fn::GetAtt' in value) return ' '.repeat(LONGEST_REFERENCE);
    const text = 'Fn::Sub' in value ? value['Fn::Sub'] : undefined;
    if (typeof text !== 'string') return value;
    return text.replace(
      /\$\{([^}]*)\}/g,
      (_whole, name: string) => names[name] ?? ' '.repeat(LONGEST_REFERENCE),
    );
  };
  // serviceRole() adds `Effect` to each.
  return JSON.stringify(allowances, filledIn).length + allowances.length * '"Effect":"Allow",'.length;
}
