import { roleNamePattern } from '../../../lib/access/arns.ts';
import type { DeploymentCommands } from '../../deploymentCommands.ts';
import { explainCode } from '../../explainCode.ts';
import { denialIn } from '../../saidDenial.ts';
import type { FindingCase } from '../catalogue/entry.ts';
import { dayReason } from './failures.ts';
import type { Place } from './place.ts';

/** The key of a customer's bucket, as the configuration has it. */
interface CustomersKey {
  /** Where it is set: `kmsKeyArn` of the source. */
  readonly field: string;
  /** Its ARN; undefined if it is not set. */
  readonly arn: string | undefined;
}

/** What says why a call of a customer's bucket failed. */
export interface Customer {
  /** The deployment that makes the calls. */
  readonly stack: Place['stack'];
  /** The key of the bucket. */
  readonly key: CustomersKey;
  /** Name of the source or the export, for commands in cures. */
  readonly name: string;
  /** Name of the bucket, and the account that is to own it, undefined of the stack's own; undefined of one that is not configured. */
  readonly place: { readonly bucket: string; readonly owner?: string | undefined } | undefined;
}

/**
 * Why a call of a customer's bucket failed, in AWS's own words where they say it. A key that the configuration does not name is the first
 * reason: until then neither have our roles a right on it, nor does `policy print` print its policy.
 */
export function customersReason(
  code: string | null | undefined,
  message: string | null,
  { stack, key, name, place }: Customer,
): FindingCase {
  if (code?.endsWith('_KEY_DENIED') !== true || key.arn !== undefined) {
    const reason = denialReason(code, message, stack) ?? dayReason(code, message);
    return { ...reason, cure: ofCustomer(reason.cure, name, place) };
  }
  const said = denialIn(message ?? '')?.resource ?? '';
  const arn = /^arn:[^:]+:kms:/.test(said) ? said : "the ARN of the bucket's key (its owner knows it)";
  return {
    cause: `${message ?? explainCode(code)?.cause ?? ''} The configuration does not name this key, so that no role of the stack has a right on it.`,
    cure: `Set ${key.field} to ${arn} and deploy. From then on \`sluice policy print\` has what the key needs: have its owner add that.`,
  };
}

/** The cure of a code, which names any source or export and any bucket, of one. */
function ofCustomer(cure: string, name: string, place: Customer['place']): string {
  const named = cure.replaceAll(/(--(?:source|export)) …/g, `$1 ${name}`);
  if (place === undefined) return named;
  return named
    .replace("[?Name=='…']", `[?Name=='${place.bucket}']`)
    .replace(/in the account `[a-z.]+`/, `in the account ${place.owner ?? 'of the stack'}`);
}

/** What AWS's own words say of a call of a customer's bucket or key that was denied: which policy, of whom. Undefined of other failures. */
function denialReason(
  code: string | null | undefined,
  message: string | null,
  stack: Place['stack'],
): FindingCase | undefined {
  const said = denialIn(message ?? '');
  if (said === null || !/_(ACCESS|DELETE|KEY)_DENIED$/.test(code ?? '')) return undefined;
  const { account, role, action, isExplicit, policy } = said;
  const kind = action.startsWith('kms:') ? 'key' : 'bucket';
  const isOfRole = policy === 'identity-based policy';
  const ofRole = `${policy} of the role ${role} in the account ${account}`;
  const named = policy === 'resource-based policy' ? `policy of the ${kind}` : ofRole;
  const byRole = `: the policy of the ${kind} is not what denies it`;
  const cause = isExplicit
    ? `A statement in the ${named} denies ${action}.`
    : `The ${named} does not allow ${action}${isOfRole ? byRole : ''}.`;
  // The cause of the code would blame the bucket.
  const answer = (message ?? '').replace(explainCode(code ?? '')?.cause ?? '', '').trim();
  const isOurs = role.startsWith(`${stack.service}-${stack.stage}-`);
  const allow = isExplicit ? `take ${action} out of that statement` : `allow ${action} there`;
  const printed = isOfRole ? 'rolePermissions' : `${kind}Policy`;
  const isPrinted = !isExplicit && (isOfRole || policy === 'resource-based policy');
  const needed = `: \`${printed}\` of the printed policies has what is needed`;
  const owners = `Have its owner ${allow}${isPrinted ? needed : ''}.`;
  const ours = 'Set back what was changed of this role of the stack: `sluice doctor --drift` names it.';
  return { cause: `${cause} ${answer}`, cure: isOurs && isOfRole ? ours : owners };
}

/**
 * Why a call of a customer's bucket failed: that the bucket is a stranger's, or what the code of the newest failure says.
 *
 * @param code Stable code of the failure: SLUICE_….
 */
export function customersTold(
  code: string | null,
  message: string | null,
  customer: Customer,
): {
  readonly case: 'owner' | 'other';
  readonly reason?: FindingCase | undefined;
} {
  if (code?.endsWith('_OWNER_DIFFERS')) return { case: 'owner' };
  return { case: 'other', reason: customersReason(code, message, customer) };
}

/**
 * The command that prints what a customer's bucket must allow, if a call to it was denied; none of other failures.
 *
 * @param code Stable code of the failure: SLUICE_….
 * @param whose The words that name the source or the export: `--for ingest-source --source acme`.
 */
export function deniedPolicy(
  code: string | null,
  whose: readonly string[],
  { sluice }: Pick<DeploymentCommands, 'sluice'>,
): readonly string[] {
  return code?.endsWith('_DENIED') ? [sluice('policy', 'print', ...whose)] : [];
}

/** What the roles of the stack need of a customer's bucket, and of the key of its files. */
const CUSTOMERS_CALLS = {
  list: { role: 'IngestPlanRole', ofBucket: 's3:ListBucket', ofKey: 'kms:Decrypt' },
  load: { role: 'IngestLoadRole', ofBucket: 's3:GetObject', ofKey: 'kms:Decrypt' },
  receipt: { role: 'IngestLoadRole', ofBucket: 's3:PutObject', ofKey: 'kms:GenerateDataKey' },
  export: { role: 'ExportRole', ofBucket: 's3:ListBucket and s3:PutObject', ofKey: 'kms:GenerateDataKey' },
} as const;

/**
 * Which role needs which call where one was denied, as a sentence; empty without a denial. S3 names neither to another account:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
 *
 * @param message What AWS said, which may name both.
 * @param customersRole ARN of the customer's role that makes the calls.
 */
export function deniedCallText(
  work: keyof typeof CUSTOMERS_CALLS,
  code: string | null | undefined,
  message: string | null,
  { stack, customersRole }: { readonly stack: Place['stack']; readonly customersRole: string | undefined },
): string {
  if (code?.endsWith('_DENIED') !== true) return '';
  const said = denialIn(message ?? '');
  if (said !== null) return ` The role ${said.role} needs ${said.action} there.`;
  const { role, ofBucket, ofKey } = CUSTOMERS_CALLS[work];
  const onObjects = code.endsWith('_DELETE_DENIED') ? 's3:DeleteObject' : ofBucket;
  const onData = code.endsWith('_KEY_DENIED') ? ofKey : onObjects;
  const call = code.endsWith('_ROLE_DENIED') ? 'sts:AssumeRole' : onData;
  const ours = roleNamePattern(`${stack.service}-${stack.stage}`, role);
  const name = call === 'sts:AssumeRole' ? ours : (customersRole ?? ours);
  return ` The role ${name} needs ${call} there.`;
}
