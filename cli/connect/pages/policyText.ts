import type { PolicyDocument } from '../../../lib/access/policyDocument.ts';
import type { PrintedPolicy } from '../../../lib/access/printedPolicies.ts';
import { section } from '../template.ts';

/** Stands for the account of the deployment, if nobody knows it. */
export const ACCOUNT = '__ACCOUNT_ID__';

/**
 * The documents that the owner of a bucket applies, as Markdown; ours, `callerPolicy`, is not shown to them.
 *
 * @param keyArn Of the key of the bucket, if it has one.
 */
export function policyText(
  bucket: string,
  policies: readonly PrintedPolicy[],
  keyArn: string | undefined,
): string {
  const part = (name: string) => {
    const [first, ...more] = policies.filter((one) => one.name === name);
    if (first === undefined) return [];
    const document = JSON.stringify(joined(first.document, more), null, 2);
    const json = `\`\`\`json\n${document}\n\`\`\``;
    return [section('pages.md.txt', name, { bucket, keyArn, purpose: first.purpose, json })];
  };
  const ofKey = part('keyPolicy');
  return [
    ...part('bucketPolicy'),
    ...(ofKey.length > 0 ? ofKey : [section('pages.md.txt', 'noKey', { bucket })]),
    ...part('rolePermissions'),
    ...part('roleTrust'),
  ].join('\n\n');
}

/** A bucket has one policy: the statements of several documents in one, each with an ID of its own. */
function joined(document: PolicyDocument, more: readonly PrintedPolicy[]): PolicyDocument {
  const others = more.flatMap((one, i) =>
    one.document.Statement.map((statement) => ({ ...statement, Sid: `${statement.Sid}${i + 2}` })),
  );
  return { ...document, Statement: [...document.Statement, ...others] };
}

/** A table of Markdown. Cells have its backticks and nothing else. */
export function markdownTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}
