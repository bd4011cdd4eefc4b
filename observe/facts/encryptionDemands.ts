import { GetBucketPolicyCommand } from '@aws-sdk/client-s3';
import { isOfAction, isOfRole, matchesAny, partsOf } from '../../infra/template/policyMatch.ts';
import { objectsArn } from '../../lib/access/arns.ts';
import { parseArn } from '../../lib/base/arn.ts';
import { type JsonObject, valuesOf } from '../../lib/base/json.ts';
import type { Export } from '../../lib/schema/exports.ts';
import { exportFolder } from '../../lib/tables/exportKeys.ts';
import type { Deployment } from '../deployment.ts';
import { explainAwsError } from '../explainAwsError.ts';
import { sidOf, statementsOf } from './bucketDenials.ts';
import type { ExportDays } from './days/exportDays.ts';

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
export const DENIED = 'SLUICE_EXPORT_ACCESS_DENIED';
/** The header that states how an object is encrypted, and how that of its key begins. */
const HEADER = 'x-amz-server-side-encryption';

/**
 * Why exports that are denied are: what statements of their buckets' policies demand. Only whoever may read such a policy knows it, most
 * often of the same account; S3 says nothing of a condition:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingServerSideEncryption.html
 *
 * @param exports What is known of the days of exports: those count of which the bucket has denied a day.
 * @param ownRole ARN of the stack's role that exports, for targets without a role; undefined if it is not known.
 * @returns None of a bucket whose policy these credentials may not read, and none of a role that is not known.
 * @throws What the client of S3 throws if S3 has not answered.
 */
export async function readEncryptionDemands(
  { s3, config }: Pick<Deployment, 's3' | 'config'>,
  exports: readonly ExportDays[],
  ownRole: string | undefined,
): Promise<readonly EncryptionDemand[]> {
  const denied = exports.filter(({ days }) => days.some(({ failure }) => failure === DENIED));
  const targets = config.exports.filter(({ name }) => denied.some((days) => days.export === name));
  const read = targets.map(async ({ name, target }) => {
    const role = target.role?.arn ?? ownRole;
    if (role === undefined) return [];
    const asked = { Bucket: target.bucket, ExpectedBucketOwner: target.owner };
    const answer = await s3.send(new GetBucketPolicyCommand(asked)).catch((error: unknown) => {
      if (explainAwsError(error)?.kind !== 'answered') throw error;
    });
    return demandsOf(answer?.Policy ?? '', { name, target, role }).map(
      (demand): EncryptionDemand => ({ export: name, ...demand }),
    );
  });
  return (await Promise.all(read)).flat();
}

/** An export, and the ARN of the role that writes its files. */
type Writer = Pick<Export, 'name' | 'target'> & { readonly role: string };

/**
 * What the statements that deny an export's writes for certain demand, and what it does not send. All conditions of a statement have to hold:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
 *
 * @param policy JSON; empty without a policy.
 */
function demandsOf(
  policy: string,
  { name, target, role }: Writer,
): readonly Omit<EncryptionDemand, 'export'>[] {
  const algorithm = target.encryption ?? (target.kmsKeyArn === undefined ? undefined : 'aws:kms');
  const sent = new Map([
    [HEADER, algorithm],
    [`${HEADER}-aws-kms-key-id`, target.kmsKeyArn],
  ]);
  const objects = objectsArn(parseArn(role), target.bucket, exportFolder({ name, target }));
  return statementsOf(policy).flatMap((statement, i) => {
    const conditions = conditionsOf(statement);
    const isDenying =
      statement['Effect'] === 'Deny' &&
      isOfAction(statement, 's3:PutObject') &&
      isOfRole(statement, role) &&
      partsOf(statement, objects).includes(objects) &&
      conditions.every((condition) => holds(condition, sent));
    if (!isDenying) return [];
    const sid = sidOf(statement, i);
    return conditions.flatMap(({ operator, key, values }) => {
      const isNull = operator === 'Null';
      const isDemand = isNull ? values.includes('true') : operator.includes('Not');
      // No setting sends `aws:kms:dsse`, so that another value is told, if there is one.
      const settable = values.find((value) => value !== 'aws:kms:dsse') ?? values[0];
      const wanted = isNull ? null : (settable ?? null);
      return isDemand ? [{ sid, header: headerOf(key), wanted }] : [];
    });
  });
}

/** The header that a condition's key is of. */
function headerOf(key: string): string {
  return key.toLowerCase().replace(/^s3:/, '');
}

/**
 * Whether a condition holds for sure. One with `Not` or `IfExists` holds for a header that is not sent:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 *
 * @param sent Values of the headers; undefined of one that is not sent. Nothing is known of other keys.
 */
function holds({ operator, key, values }: Condition, sent: ReadonlyMap<string, string | undefined>): boolean {
  const header = headerOf(key);
  if (!sent.has(header)) return false;
  const value = sent.get(header);
  if (operator === 'Null') return values.includes(String(value === undefined));
  const [, type, not, comparison, ifExists] = OPERATOR.exec(operator) ?? [];
  if (comparison === undefined) return false;
  if (value === undefined) return not !== undefined || ifExists !== undefined;
  // Of ARNs, `Equals` takes patterns, too.
  const takesPatterns = type === 'Arn' || comparison === 'Like';
  const cased = comparison === 'Equals' ? (text: string) => text : (text: string) => text.toLowerCase();
  const isAlike = takesPatterns
    ? matchesAny(values, value)
    : values.some((wanted) => cased(wanted) === cased(value));
  return isAlike === (not === undefined);
}

/** Operators of texts and ARNs. */
const OPERATOR = /^(String|Arn)(Not)?(Equals|EqualsIgnoreCase|Like)(IfExists)?$/;

/** A condition of a statement. */
interface Condition {
  /** `StringNotEquals` */
  readonly operator: string;
  /** `s3:x-amz-server-side-encryption` */
  readonly key: string;
  /** The values that the header is compared with. */
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
