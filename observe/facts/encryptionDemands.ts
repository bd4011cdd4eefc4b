import { GetBucketPolicyCommand } from '@aws-sdk/client-s3';
import { isOfAction } from '../../infra/template/policyMatch.ts';
import { isJsonObject, type JsonObject, parseJson, valueAt, valuesOf } from '../../lib/base/json.ts';
import type { Export } from '../../lib/schema/exports.ts';
import type { Deployment } from '../deployment.ts';
import type { ExportDays } from './days/ledgerDays.ts';

/** What the policy of an export's bucket demands of objects, and the export does not send. */
export interface EncryptionDemand {
  /** Name of the export. */
  readonly export: string;
  /** The statement's name, or `Statement 2`. */
  readonly sid: string;
  /** The header that has another value, or is not sent. */
  readonly header: string;
  /** The value that the statement demands: `AES256`, `aws:kms`, the ARN of a key; null of any. */
  readonly wanted: string | null;
}

/** The code of a day that the customer's bucket denies. */
const DENIED = 'SLUICE_EXPORT_ACCESS_DENIED';
/** The header that states how an object is encrypted, and how that of its key begins. */
const HEADER = 'x-amz-server-side-encryption';

/**
 * Why exports that are denied are: what statements of their buckets' policies demand. Only whoever may read such a policy knows it, most
 * often of the same account; S3 says nothing of a condition:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingServerSideEncryption.html
 *
 * @returns None of a bucket whose policy these credentials may not read.
 */
export async function readEncryptionDemands(
  { s3, config }: Pick<Deployment, 's3' | 'config'>,
  exports: readonly ExportDays[],
): Promise<readonly EncryptionDemand[]> {
  const denied = exports.filter(({ days }) => days.some(({ failure }) => failure === DENIED));
  const targets = config.exports.filter(({ name }) => denied.some((days) => days.export === name));
  const read = targets.map(async ({ name, target }) => {
    const asked = { Bucket: target.bucket, ExpectedBucketOwner: target.owner };
    const { Policy = '' } = await s3.send(new GetBucketPolicyCommand(asked)).catch(() => ({ Policy: '' }));
    return demandsOf(Policy, target).map((demand): EncryptionDemand => ({ export: name, ...demand }));
  });
  return (await Promise.all(read)).flat();
}

/** What statements that deny writes demand, and a target does not send. @param policy JSON; empty without a policy. */
function demandsOf(
  policy: string,
  target: Pick<Export['target'], 'encryption' | 'kmsKeyArn'>,
): readonly Omit<EncryptionDemand, 'export'>[] {
  const algorithm = target.encryption ?? (target.kmsKeyArn === undefined ? undefined : 'aws:kms');
  const sent = new Map([
    [HEADER, algorithm],
    [`${HEADER}-aws-kms-key-id`, target.kmsKeyArn],
  ]);
  const statements = valuesOf(valueAt(parseJson(policy), ['Statement'])).filter(isJsonObject);
  return statements.flatMap((statement, i) => {
    if (statement['Effect'] !== 'Deny' || !isOfAction(statement, 's3:PutObject')) return [];
    const sid = typeof statement['Sid'] === 'string' ? statement['Sid'] : `Statement ${i + 1}`;
    return conditionsOf(statement).flatMap(({ operator, key, values }) => {
      const header = key.toLowerCase().replace(/^s3:/, '');
      if (!sent.has(header)) return [];
      const value = sent.get(header);
      const isMissing = operator === 'Null' && values.includes('true') && value === undefined;
      const isOther = /^StringNot/.test(operator) && !values.includes(value ?? '');
      const wanted = operator === 'Null' ? null : (values[0] ?? null);
      return isMissing || isOther ? [{ sid, header, wanted }] : [];
    });
  });
}

/** A condition of a statement. */
interface Condition {
  /** `StringNotEquals` */
  readonly operator: string;
  /** `s3:x-amz-server-side-encryption` */
  readonly key: string;
  /** Those that it is compared with. */
  readonly values: readonly string[];
}

/** The conditions of a statement, one by one. */
function conditionsOf({ Condition: condition }: JsonObject): readonly Condition[] {
  return Object.entries(Object(condition)).flatMap(([operator, keys]) =>
    Object.entries<unknown>(Object(keys)).map(([key, values]) => {
      return { operator, key, values: valuesOf(values).map(String) };
    }),
  );
}
