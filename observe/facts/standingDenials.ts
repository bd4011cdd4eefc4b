import { iamArn } from '../../lib/access/arns.ts';
import { DAY_MS, isoTimestamp } from '../../lib/base/time.ts';
import type { SaidDenial } from '../saidDenial.ts';
import { type BucketDenial, type DeniedCall, denyingStatements, exceptedPolicy } from './bucketDenials.ts';

/**
 * What denies a call. `bucket`, `key`: a statement of that policy, which is there still. `keyUnread`: a statement of a key's policy, which
 * these credentials may not read. `organization`, `boundary`: a policy of those. `explicit`: a statement of another policy. `missing`: no
 * statement allows the call.
 */
type DenyingPolicy = 'bucket' | 'key' | 'keyUnread' | 'organization' | 'boundary' | 'explicit' | 'missing';

/** The statements of one policy that deny a call. */
interface DenyingStatements {
  /** Name of the bucket, or ARN of the key, whose policy it is. */
  readonly owner: string;
  /** Names of the statements; at least one. */
  readonly sids: readonly string[];
}

/** Calls of one role that one policy denies, of one action, as the log of one function tells. */
export interface DeniedCalls extends DeniedCall {
  /** The function whose log tells of them. */
  readonly part: string;
  /** Which policy denies them. */
  readonly by: DenyingPolicy;
  /** The statements that deny the calls; null if the policy is neither the bucket's nor a key's that could be read. */
  readonly statements: DenyingStatements | null;
  /** Words after `aws` of the one command that ends all denials of this bucket or key; null without {@link statements}. */
  readonly repair: readonly string[] | null;
  /** Number of lines of the log that tell of such a call, within 14 days. */
  readonly count: number;
  /** Whether the log has more lines than were read: then those that were read are the oldest of 14 days, and of the last. */
  readonly hasMore: boolean;
  /** Time of the first line, ISO 8601; null if it is within the first of these 14 days, as there may be earlier lines. */
  readonly first: string | null;
  /** Time of the last line that was read, ISO 8601. The resource is of this line. */
  readonly last: string;
}

/** The denials that the log of a function tells of. */
export interface LoggedDenials {
  /** The function. */
  readonly part: string;
  /** Whether its last run failed with a denial. */
  readonly isFailing: boolean;
  /** The lines, each with its time, epoch milliseconds. */
  readonly lines: readonly { readonly at: number; readonly said: SaidDenial }[];
  /** As {@link DeniedCalls.hasMore}. */
  readonly hasMore: boolean;
  /** From when on the log was read, epoch milliseconds. */
  readonly since: number;
}

/** A policy of the bucket, or of a key, by which denials are judged. */
export interface JudgingPolicy {
  /** What has it. */
  readonly of: 'bucket' | 'key';
  /** Name of the bucket, or ARN of the key. */
  readonly owner: string;
  /** ARN of the bucket or the key. */
  readonly arn: string;
  /** JSON, empty without a policy; null if these credentials may not read it. */
  readonly policy: string | null;
  /** JSON: the policy with what the stack needs in it, in which roles are excepted. Default the policy. */
  readonly wanted?: string;
  /** What the policy is known to deny roles of the stack, logged or not. */
  readonly denials: readonly BucketDenial[];
}

/** The calls that are denied still: by a statement that is in its policy now, or by another policy while the function fails. */
export function standingDenials(
  logs: readonly LoggedDenials[],
  policies: readonly JudgingPolicy[],
): readonly DeniedCalls[] {
  const rows = new Map<string, DeniedCalls>();
  for (const { part, isFailing, lines, hasMore, since } of logs)
    for (const { at, said } of lines) {
      const { action, resource } = said;
      const call = { role: iamArn(said, `role/${said.role}`), action, resource };
      const cause = causeOf(call, said, policies);
      if (cause === null || (cause.statements === null && !isFailing)) continue;
      const id = JSON.stringify([part, call.role, action, cause]);
      const time = isoTimestamp(at);
      const first = at < since + DAY_MS ? null : time;
      const row = { ...call, ...cause, part, repair: null, count: 1, hasMore, first, last: time };
      rows.set(id, merged(rows.get(id), row));
    }
  const found = [...rows.values()];
  const repairs = new Map(policies.map((policy) => [policy.owner, repairOf(policy, found)]));
  return found.map((row) => ({ ...row, repair: repairs.get(row.statements?.owner ?? '') ?? null }));
}

/** A row with the calls of another line. */
function merged(known: DeniedCalls | undefined, line: DeniedCalls): DeniedCalls {
  if (known === undefined) return line;
  const newest = line.last > known.last ? line : known;
  return { ...newest, count: known.count + line.count, first: earlier(known.first, line.first) };
}

/** The earlier of two times, ISO 8601; null is before all. */
function earlier(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return null;
  return one < other ? one : other;
}

/** What denies a call; null if a policy that could be read denies it no more. */
function causeOf(
  call: DeniedCall,
  said: SaidDenial,
  policies: readonly JudgingPolicy[],
): Pick<DeniedCalls, 'by' | 'statements'> | null {
  if (/control/.test(said.policy)) return { by: 'organization', statements: null };
  if (/boundary/.test(said.policy)) return { by: 'boundary', statements: null };
  const judging = policies.find(({ arn }) => isByResource(said) && isWithin(call.resource, arn));
  if (judging === undefined) return { by: said.isExplicit ? 'explicit' : 'missing', statements: null };
  const { of, owner, policy } = judging;
  if (policy === null) return { by: 'keyUnread', statements: null };
  const sids = denyingStatements(policy, call);
  return sids.length === 0 ? null : { by: of, statements: { owner, sids } };
}

/** Whether a statement in the policy of what was asked for denies a call. */
export function isByResource({ isExplicit, policy }: SaidDenial): boolean {
  return isExplicit && policy === 'resource-based policy';
}

/** Whether a resource is a bucket or a key, or an object in the bucket. */
function isWithin(resource: string, arn: string): boolean {
  return resource === arn || resource.startsWith(`${arn}/`);
}

/**
 * The words after `aws` of the command that puts a policy in which roles are excepted from all its statements that deny calls, so that
 * commands of several findings do the same. Roles that a statement is known to deny something are excepted beside those that are logged.
 */
function repairOf(
  { of, owner, policy, wanted, denials }: JudgingPolicy,
  found: readonly DeniedCalls[],
): readonly string[] {
  const excepted = exceptedPolicy(wanted ?? policy ?? '', (sid) => {
    const logged = found.filter(
      ({ statements }) => statements?.owner === owner && statements.sids.includes(sid),
    );
    // A statement whose condition is not known here denies nothing for certain, unless a call was denied.
    const known = denials.filter((denial) => denial.sid === sid && (denial.isKnown || logged.length > 0));
    const roles = known.flatMap((denial) => denial.roles);
    return [...roles, ...logged].map(({ role }) => role);
  });
  const put =
    of === 'bucket'
      ? ['s3api', 'put-bucket-policy', '--bucket', owner]
      : ['kms', 'put-key-policy', '--key-id', owner, '--policy-name', 'default'];
  return [...put, '--policy', excepted];
}
