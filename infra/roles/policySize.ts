import { ConfigError } from '../../lib/config/ConfigError.ts';
import type { Stack } from '../template/Stack.ts';
import type { AllowStatement } from './policies.ts';

/**
 * Of the 10,240 characters that a role's inline policies may hold in all; the rest is for what goes around statements.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
 */
const MAX_POLICY_CHARACTERS = 10_000;
/** A queue's ARN with the longest name there is: the longest of what `Ref` and `Fn::GetAtt` give here. */
const LONGEST_REFERENCE = 130;
/** Longest value of each pseudo parameter. */
const LONGEST_PSEUDO_PARAMETERS = {
  Partition: 'aws-us-gov',
  Region: 'ap-northeast-1',
  AccountId: '0'.repeat(12),
};

/**
 * Statements for one purpose, to choose one list of: the first names everything, those after it name less and allow
 * more, but in our own account nothing that isn't named.
 */
export type StatementAlternatives = readonly (readonly AllowStatement[])[];

/**
 * What a role may do, within the characters that IAM has for it: names stand as long as there is room for all; where
 * there is none, wildcards come in, first for the purpose whose names take the most.
 *
 * @param parts In the order of the policy; a single statement always stays as it is.
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

/** The first of a purpose's choices, and what is left to choose that takes less than it. */
function firstAlternative(stack: Stack, [statements = [], ...wider]: StatementAlternatives) {
  const length = policyLength(stack, statements);
  const at = wider.findIndex((one) => policyLength(stack, one) < length);
  return { statements, length, shorter: at < 0 ? [] : wider.slice(at) };
}

/** Fewer and fewer of what comes first in a list: half of it, a quarter, and in the end nothing. */
export function shrinkingPrefixes<Item>(items: readonly Item[]): (readonly Item[])[] {
  const half = items.slice(0, Math.floor(items.length / 2));
  return half.length === 0 ? [[]] : [half, ...shrinkingPrefixes(half)];
}

/** Characters of statements when everything in them is filled in, at the most. */
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
  // `Effect` is added to each by role().
  return JSON.stringify(allowances, filledIn).length + allowances.length * '"Effect":"Allow",'.length;
}
