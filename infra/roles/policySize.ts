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
 * Alternative lists of statements for one purpose. The first list names every resource. Each later list names fewer and
 * allows more, but in the deployment's own account it allows nothing that is not named.
 */
export type StatementAlternatives = readonly (readonly AllowStatement[])[];

/**
 * Fits the statements of a role into the characters that IAM allows. Resources are named as long as all names fit. If they
 * do not, the purpose with the longest statements switches to its next alternative, until everything fits.
 *
 * @param parts In the order of the policy. A single statement has no alternative.
 * @throws ConfigError `SLUICE_CONFIG_ROLE_TOO_LARGE`
 */
export function fitPolicySize(
  stack: Stack,
  parts: readonly (AllowStatement | StatementAlternatives)[],
): AllowStatement[] {
  let taken = parts.map((part) => firstAlternative(stack, 'Action' in part ? [[part]] : part));
  for (;;) {
    const length = taken.reduce((sum, one) => sum + one.length, 0);
    if (length <= MAX_POLICY_CHARACTERS) return taken.flatMap(({ statements }) => statements);
    const [longest] = taken
      .filter(({ shorter }) => shorter.length > 0)
      .sort((one, other) => other.length - one.length);
    if (longest === undefined)
      throw new ConfigError(
        'SLUICE_CONFIG_ROLE_TOO_LARGE',
        `${length} characters of ${MAX_POLICY_CHARACTERS}, with every name left out that can be.`,
      );
    taken = taken.map((one) => (one === longest ? firstAlternative(stack, one.shorter) : one));
  }
}

/** The first alternative, and the later ones that are shorter. */
function firstAlternative(stack: Stack, [statements = [], ...wider]: StatementAlternatives) {
  const length = policyLength(stack, statements);
  const at = wider.findIndex((one) => policyLength(stack, one) < length);
  return { statements, length, shorter: at < 0 ? [] : wider.slice(at) };
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
