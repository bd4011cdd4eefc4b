import { accessLogGroup } from '../../../../infra/endpoint/endpoint.ts';
import { sum } from '../../../../lib/base/sum.ts';
import { listed, someOf } from '../../../../lib/base/text.ts';
import { HOUR_MS, isoTimestamp, MINUTE_MS } from '../../../../lib/base/time.ts';
import { hasFunctionUrl, hasGateway } from '../../../../lib/schema/endpoint.ts';
import type { UnreachedRequests } from '../../../facts/flow/unreachedRequests.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { functionLog } from '../../../readLog.ts';
import { type CaseOf, type Finding, finding } from '../../catalogue.ts';
import { explained, failedAt, failureTold } from '../failures.ts';
import type { Findings, Place } from '../place.ts';

/** Requests that the gateway or the Function URL answered by itself. */
export function* unreachedRequests(facts: StatusFacts, place: Place): Findings {
  const worst = (facts.unreached ?? []).toSorted((a, b) => b.kind.localeCompare(a.kind));
  for (const [kind, hours] of Map.groupBy(worst, (answered) => answered.kind))
    yield unreachedOf(facts, place, { kind, hours });
}

/** How long nothing was answered so before it is over: metrics of the last ten minutes are not read. */
const OVER_MS = HOUR_MS + 15 * MINUTE_MS;
/** Cases of which a change of the stack may be the cause. */
const DRIFTED: readonly string[] = ['unknown', 'closed', 'forbidden', 'unlogged', 'ofUrl'];
/** Cases of which a quota of the account may be the cause. */
const LIMITED: readonly string[] = ['unlogged', 'tooMany'];
/** The cases of a status of the gateway's own. Its routes take every path: where it answers 404 or 405, they were changed. */
const STATUS_CASES: Readonly<Record<string, CaseOf<'SLUICE_FINDING_UNREACHED'>>> = {
  401: 'forbidden',
  403: 'forbidden',
  404: 'closed',
  405: 'closed',
  413: 'tooLarge',
  429: 'tooMany',
};

/** Why requests were answered 4xx: by the status that the access log has; without it by what else tells. */
function refusedCase(
  { gatewayStatus, functionErrors }: Pick<StatusFacts, 'gatewayStatus' | 'functionErrors'>,
  endpoint: Place['config']['endpoint'],
  { isClosed, count, since }: { readonly isClosed: boolean; readonly count: number; readonly since: string },
): CaseOf<'SLUICE_FINDING_UNREACHED'> {
  if (gatewayStatus !== null) return STATUS_CASES[gatewayStatus.status] ?? 'unnamed';
  // A Function URL answers 429 where Lambda throttles its function. A few such runs do not explain many answers, nor do runs before them.
  const collect = functionErrors?.find(({ part }) => part === 'collect');
  if (
    hasFunctionUrl(endpoint) &&
    collect !== undefined &&
    collect.throttled >= count / 2 &&
    collect.last >= since
  )
    return 'throttledUrl';
  if (isClosed) return 'closed';
  return hasGateway(endpoint) ? 'unlogged' : 'ofUrl';
}

/** The end of the five minutes that begin then, ISO 8601. */
function untilOf(start: string): string {
  return isoTimestamp(Date.parse(start) + 5 * MINUTE_MS);
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
    ({ hour, kind, count: failed, of: requests }) =>
      `${kind}: ${someOf(failed, requests, 'request')} in the hour from ${hour}`,
  );
  const log = commands.log(functionLog(stack, 'collect'), now - HOUR_MS);
  const failure = facts.failures['collect'];
  const [lastAt = ''] = unreached
    .map((hour) => hour.last)
    .sort()
    .toReversed();
  const isOver = now - Date.parse(lastAt) >= OVER_MS;
  const sumOf = (name: 'count' | 'of') => sum(unreached.map((hour) => hour[name]));
  const last = unreached.at(-1);
  const isClosed = last !== undefined && last.count >= last.of * CLOSED_SHARE;
  const count = sumOf('count');
  const [since = ''] = unreached.map(({ first }) => first).sort();
  const refused = { case: refusedCase(facts, config.endpoint, { isClosed, count, since }) } as const;
  const gatewayStatus = way === '4xx' ? facts.gatewayStatus : null;
  const answered =
    gatewayStatus === null
      ? ''
      : ` The access log has ${gatewayStatus.status} for ${someOf(gatewayStatus.count, gatewayStatus.of, 'line')} that were read of the newest of these hours${gatewayStatus.hasMore ? ', and has more' : ''}.`;
  const over = isOver ? `; it is over, the last before ${untilOf(lastAt)}` : '';
  const status =
    gatewayStatus === null ? '' : `, of the newest of these hours most often with ${gatewayStatus.status},`;
  const isByLambda = way === '5xx' || refused.case === 'throttledUrl';
  const told = {
    ...(way === '4xx' ? refused : failureTold(facts, 'collect', failure, config)),
    subject: way,
    title: `${someOf(count, sumOf('of'), 'request')} were answered ${way}${status} before the collector could answer${isOver ? ', and it is over' : ''}`,
    since,
    detail: `${listed(texts, '; ')}${over}.${isByLambda ? failedAt(facts, 'collect') : answered} Who sent them is not known: the collector has no line of them.`,
  };
  return finding(
    'SLUICE_FINDING_UNREACHED',
    told,
    [
      ...(DRIFTED.includes(told.case) ? [commands.sluice('doctor', '--drift')] : []),
      ...explained(told.case === 'throttledUrl' ? { case: 'throttled' } : told, 'collect', {
        commands,
        config,
        stack,
      }),
      ...(LIMITED.includes(told.case) ? [commands.sluice('doctor')] : []),
      ...(gatewayStatus === null || last === undefined
        ? []
        : [
            commands.aws(
              'logs',
              'filter-log-events',
              '--log-group-name',
              accessLogGroup(stack),
              '--start-time',
              `${Date.parse(last.first)}`,
              '--filter-pattern',
              `{ $.status = "${gatewayStatus.status}" && $.error != "-" }`,
              '--limit',
              '20',
            ),
          ]),
      ...(way === '5xx' ? [log] : []),
    ],
    isOver ? 'warning' : 'problem',
  );
}
