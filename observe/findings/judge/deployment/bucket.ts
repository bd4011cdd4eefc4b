import { sum } from '../../../../lib/base/sum.ts';
import { counted, listed } from '../../../../lib/base/text.ts';
import type { DeploymentCommands } from '../../../deploymentCommands.ts';
import { type BucketFault, settingPart } from '../../../facts/bucketFaults.ts';
import type { DeniedCalls } from '../../../facts/standingDenials.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { type Finding, finding, seenNow } from '../../catalogue.ts';
import type { Findings, Place } from '../place.ts';
import { nameOf, placeOf } from './stack.ts';

/** Settings of the bucket that differ. */
export function* bucketFindings({ bucketFaults }: StatusFacts, { commands, config }: Place): Findings {
  for (const fault of bucketFaults) if (!fault.isEarly) yield judgeSetting(config, fault, commands);
}

/** Rules of the bucket that delete what the configuration keeps: once that is deployed, they are of somebody else. */
export function* earlyRules({ bucketFaults }: StatusFacts, { commands, config }: Place): Findings {
  for (const fault of bucketFaults) if (fault.isEarly) yield judgeSetting(config, fault, commands);
}

/** Judges a setting of the bucket that differs. */
export function judgeSetting(
  { bucket, existing }: Pick<Place['config'], 'bucket' | 'existing'>,
  { name, why, points, repair, isEarly, isShared = false }: BucketFault,
  commands: Pick<DeploymentCommands, 'aws'>,
): Finding {
  const title = `The setting ${name} of the bucket ${bucket} differs in ${counted(points.length, 'point')}: ${points[0] ?? 'its form'}`;
  const told = seenNow(title, `${bucket}, ${name}: ${listed(points, '; ')}. ${why}`.trim());
  const owner = existing.bucket ? 'brought' : 'setting';
  const changed = isShared ? 'shared' : owner;
  const judged = { case: isEarly ? 'early' : changed, judgedBy: [settingPart(name)] } as const;
  return finding('SLUICE_FINDING_BUCKET_UNFIT', { ...judged, ...told }, [commands.aws(...repair)]);
}

/** Calls of the stack's roles that AWS denies: a finding for each policy and its statements, or for each call. */
export function deniedFindings(
  { deniedCalls }: Pick<StatusFacts, 'deniedCalls'>,
  { commands }: Pick<Place, 'commands'>,
): readonly { readonly found: Finding; readonly calls: readonly DeniedCalls[] }[] {
  const causes = Map.groupBy(deniedCalls ?? [], ({ by, role, action, statements }) =>
    JSON.stringify([by, statements ?? [role, action]]),
  );
  return [...causes.values()].flatMap((ofCause) => {
    const calls = ofCause.toSorted((a, b) => b.count - a.count);
    const [most] = calls;
    if (most === undefined) return [];
    const { by, statements, repair } = most;
    const count = sum(calls.map((call) => call.count));
    const atLeast = calls.some(({ hasMore }) => hasMore) ? 'at least ' : '';
    const [since] = calls.map(({ first }) => first ?? '').sort();
    const roles = new Set(calls.map(({ role }) => role)).size;
    const ofRoles = roles === 1 ? '' : `${roles} roles, most of `;
    const worst = `${nameOf(most.role)}, ${most.action} on ${placeOf(most.resource)}`;
    const denier =
      statements === null ? 'AWS' : `The policy of ${statements.owner} (${statements.sids.join(', ')})`;
    const told = {
      case: by,
      title: `${denier} denied ${atLeast}${counted(count, 'call')} of ${ofRoles}${worst}${calls.length === 1 ? '' : ' and others'}`,
      // An empty text: there may be earlier calls than those that were read.
      since: since || null,
      detail: calls.map(deniedText).join(' '),
    } as const;
    const isUnsaid = by === 'missing' || by === 'explicit';
    const keyPolicy = ['kms', 'get-key-policy', '--key-id', most.resource, '--policy-name', 'default'];
    const found = finding('SLUICE_FINDING_ROLE_DENIED', told, [
      ...(repair === null ? [] : [commands.aws(...repair)]),
      ...(by === 'keyUnread' ? [commands.aws(...keyPolicy)] : []),
      ...(isUnsaid ? [commands.sluice('doctor', '--drift')] : []),
    ]);
    return [{ found, calls }];
  });
}

/** `write: the role R was denied s3:PutObject 3 times, first 2026-…, last 2026-… on arn:….` */
function deniedText({ part, role, action, resource, count, hasMore, first, last }: DeniedCalls): string {
  const times = `${hasMore ? 'at least ' : ''}${counted(count, 'time')}`;
  const from = first === null ? 'for 14 days or more' : `first ${first}`;
  return `${part}: the role ${role} was denied ${action} ${times}, ${from}, last ${last} on ${resource}.`;
}
