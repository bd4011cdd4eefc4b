import { sum } from '../../../../lib/base/sum.ts';
import { counted } from '../../../../lib/base/text.ts';
import type { DeniedCalls } from '../../../facts/standingDenials.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { type Finding, finding } from '../../catalogue.ts';
import type { Place } from '../place.ts';

/** A finding of denied calls. */
export interface DeniedFinding {
  /** What is told of them. */
  readonly found: Finding;
  /** The calls, the most frequent first. */
  readonly calls: readonly DeniedCalls[];
}

/** Calls of the stack's roles that AWS denies: a finding for each policy and its statements, or for each call. */
export function deniedFindings(
  { deniedCalls }: Pick<StatusFacts, 'deniedCalls'>,
  { commands }: Pick<Place, 'commands'>,
): readonly DeniedFinding[] {
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
    const worst = `${roleName(most.role)}, ${most.action} on ${resourceText(most.resource)}`;
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

/** The name in the ARN of a role. */
export function roleName(role: string): string {
  return role.slice(role.lastIndexOf('/') + 1);
}

/** An ARN without its beginning, and without the name of an object. */
function resourceText(resource: string): string {
  return resource.replace(/^arn:.*:/, '').replace(/[^/]{20,}$/, '…');
}
