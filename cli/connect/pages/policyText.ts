import type { PolicyDocument } from '../../../lib/access/policyDocument.ts';
import type { PrintedPolicy } from '../../../lib/access/printedPolicies.ts';

/** Stands for the account of the deployment, if nobody knows it. */
export const ACCOUNT = '__ACCOUNT_ID__';

type Policy = Pick<PrintedPolicy, 'name' | 'purpose' | 'document'>;

/**
 * The documents that the owner of a bucket applies, as Markdown; ours, `callerPolicy`, is not shown to them.
 *
 * @param keyArn Of the key of the bucket, if it has one.
 */
export function policyText(bucket: string, policies: readonly Policy[], keyArn: string | undefined): string {
  const named = (name: string) => joined(policies.filter((one) => one.name === name));
  const [bucketPolicy, keyPolicy] = [named('bucketPolicy'), named('keyPolicy')];
  const [permissions, trust] = [named('rolePermissions'), named('roleTrust')];
  const purpose = policies.find(({ name }) => name === 'rolePermissions')?.purpose ?? '';
  return [
    ...(bucketPolicy === null
      ? []
      : [
          `### Policy of the bucket ${bucket}`,
          'Add these statements to the policy that the bucket has, in the S3 console under Permissions > Bucket policy. `aws s3api put-bucket-policy` replaces the whole policy.',
          json(bucketPolicy),
        ]),
    ...(keyPolicy === null
      ? [
          `If \`${bucket}\` is encrypted with a KMS key of yours (SSE-KMS), tell us its ARN first: the key's own policy needs a statement, too. The key \`aws/s3\` that AWS manages can't be used by another account.`,
        ]
      : [
          `### Policy of the key of ${bucket}`,
          `Add this statement to the policy of \`${keyArn ?? ''}\`, in the KMS console under Key policy.`,
          json(keyPolicy),
        ]),
    ...(permissions === null
      ? []
      : ['### Role in your account', `${purpose} Its permissions:`, json(permissions)]),
    ...(trust === null ? [] : ['Its trust policy:', json(trust)]),
  ].join('\n\n');
}

/** A bucket has one policy: the statements of several documents in one, each with an ID of its own. */
function joined(policies: readonly Policy[]): PolicyDocument | null {
  const [first, ...more] = policies.map(({ document }) => document);
  if (first === undefined) return null;
  if (more.length === 0) return first;
  const used = new Set<string>();
  const { Id: _, ...document } = first;
  return {
    ...document,
    Statement: [first, ...more].flatMap(({ Statement }, i) =>
      Statement.map((statement) => {
        const Sid = used.has(statement.Sid) ? `${statement.Sid}${i + 1}` : statement.Sid;
        used.add(Sid);
        return { ...statement, Sid };
      }),
    ),
  };
}

function json(value: unknown): string {
  return `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``;
}

/** A table of Markdown. Cells have its backticks and nothing else. */
export function markdownTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}
