import { sum } from '../../../../lib/base/sum.ts';
import { counted, listed } from '../../../../lib/base/text.ts';
import { HOUR_MS } from '../../../../lib/base/time.ts';
import type { UnreachedRequests } from '../../../facts/flow/unreachedRequests.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { functionLog } from '../../../readLog.ts';
import { type Finding, finding } from '../../catalogue.ts';
import { explained, failedAt, failureTold } from '../failures.ts';
import type { Findings, Place } from '../place.ts';

/** Requests that the gateway or the Function URL answered by itself. */
export function* unreachedRequests(facts: StatusFacts, place: Place): Findings {
  const worst = (facts.unreached ?? []).toSorted((a, b) => b.kind.localeCompare(a.kind));
  for (const [kind, hours] of Map.groupBy(worst, (answered) => answered.kind))
    yield unreachedOf(facts, place, { kind, hours });
}

/** The share of an hour's requests from which on nobody gets through: the others are of the minutes before the change. */
const CLOSED_SHARE = 0.9;

/** Requests that were answered so. */
function unreachedOf(
  facts: StatusFacts,
  { config, stack, now, commands }: Place,
  {
    kind: way,
    hours: unreached,
  }: Pick<UnreachedRequests, 'kind'> & { readonly hours: readonly UnreachedRequests[] },
): Finding {
  const texts = unreached.map(
    ({ hour, kind, count, of: requests }) =>
      `${kind}: ${count} of ${counted(requests, 'request')} in the hour from ${hour}`,
  );
  const log = commands.log(functionLog(stack, 'collect'), now - HOUR_MS);
  const failure = facts.failures['collect'];
  const isOver = unreached.every(({ hour }) => now - Date.parse(hour) >= 2 * HOUR_MS);
  const sumOf = (name: 'count' | 'of') => sum(unreached.map((hour) => hour[name]));
  const last = unreached.at(-1);
  const isClosed = last !== undefined && last.count >= last.of * CLOSED_SHARE;
  const refused = { case: isClosed ? 'closed' : 'refused' } as const;
  const told = {
    ...(way === '4xx' ? refused : failureTold(facts, 'collect', failure)),
    subject: way,
    title: `${sumOf('count')} of ${counted(sumOf('of'), 'request')} were answered ${way} before the collector could answer${isOver ? ', and it is over' : ''}`,
    since: unreached.map(({ hour }) => hour).sort()[0] ?? null,
    detail: `${listed(texts, '; ')}${isOver ? '; it is over' : ''}.${way === '5xx' ? failedAt(facts, 'collect') : ''} Who sent them is not known: the collector has no line of them.`,
  };
  return finding(
    'SLUICE_FINDING_UNREACHED',
    told,
    [
      ...(told.case === 'unknown' || told.case === 'closed' ? [commands.sluice('doctor', '--drift')] : []),
      ...explained(told, 'collect', { commands, config, stack }),
      way === '4xx' ? commands.sluice('doctor') : log,
    ],
    isOver ? 'warning' : 'problem',
  );
}
