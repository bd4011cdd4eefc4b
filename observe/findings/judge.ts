import { deliveryLogGroup, lateSeconds } from '../../infra/streams/streams.ts';
import { partName } from '../../infra/template/Stack.ts';
import { CollectError } from '../../lib/collect/CollectError.ts';
import { ATHENA_STUCK_MS } from '../../lib/drops/limits.ts';
import { isRowFailure } from '../../lib/landing/quarantineReasons.ts';
import { tableKinds } from '../../lib/schema/kinds.ts';
import { targetCommands } from '../commands.ts';
import type { Deployment } from '../deployment.ts';
import { type DeploymentCommands, deploymentCommands } from '../deploymentCommands.ts';
import { HOUR_MS } from '../facts/flow/hourlyMetrics.ts';
import { failedText, NOT_STORED } from '../facts/flow/rates.ts';
import type { RefusedGroup } from '../facts/flow/refusals.ts';
import { KEPT_HOURS } from '../facts/flow/streamState.ts';
import { isLandingLate, waitingText } from '../facts/flow/waitingObjects.ts';
import type { DatasetDays, LedgerDayStatus, StatusFacts } from '../facts/statusFacts.ts';
import { type Finding, type FindingCode, finding } from './catalogue.ts';

/** Milliseconds after which a listing is too old: the interval of the schedule, the time for retries, and a margin. */
const OLD_AFTER_MS = { daily: 26 * HOUR_MS, hourly: 3 * HOUR_MS } as const;
/** The share of a quota from which a stream is near it. */
const NEAR = 0.8;
/** Failed days and reasons that have a command. */
const MOST_COMMANDS = 3;
const MOST_NAMED = 5;

/** Judges facts, and reads nothing: problems first. Commands, also those in a cure, name the deployment. */
export function judge(
  status: StatusFacts,
  deployment: Pick<Deployment, 'config' | 'stack' | 'localControl' | 'now'>,
  { region, faults }: { readonly region: string; readonly faults: number },
): readonly Finding[] {
  const say = deploymentCommands(deployment, region);
  const found: Finding[] = [
    ...findWaiting(status, deployment, say),
    ...findLateStream(status, deployment, say),
    ...findQuota(status),
    ...findGaps(status, deployment, say),
    ...findNotStored(status, deployment, say),
    ...findRefused(status, say),
    ...findNoSender(status, say),
    ...findSilence(status, deployment),
    ...findQuarantine(status, say),
    ...findDatasets(status, deployment, say),
    ...findExports(status, say),
    ...findCurations(status, say),
    ...findCopies(status, deployment, say),
    ...findAlarms(status, say),
    ...(faults === 0
      ? []
      : [
          finding('SLUICE_FINDING_FAULTS', faults === 1 ? '1 fault.' : `${faults} faults.`, [
            say.control('DELETE', 'faults'),
          ]),
        ]),
    ...status.unknown.map(({ part, why }) => finding('SLUICE_FINDING_UNREADABLE', `${part}: ${why}`)),
  ].map((one) => ({ ...one, cure: targetCommands(one.cure, say.options) }));
  return [
    ...found.filter(({ severity }) => severity === 'problem'),
    ...found.filter(({ severity }) => severity !== 'problem'),
  ];
}

function findWaiting(
  { waiting: { landing, damaged } }: StatusFacts,
  { now }: Pick<Deployment, 'now'>,
  say: DeploymentCommands,
): Finding[] {
  return [
    ...(landing !== null && isLandingLate(landing, now)
      ? [
          finding('SLUICE_FINDING_LANDING_LATE', `landing/: ${waitingText(landing)}.`, [
            say.sluice('redrive', '--landing'),
          ]),
        ]
      : []),
    ...(damaged !== null && damaged.count > 0
      ? [finding('SLUICE_FINDING_DAMAGED', `damaged/: ${waitingText(damaged)}.`)]
      : []),
  ];
}

function findLateStream(
  { waiting: { buffered }, stream }: StatusFacts,
  { config, stack, now }: Pick<Deployment, 'config' | 'stack' | 'now'>,
  say: DeploymentCommands,
): Finding[] {
  const oldest = stream === null ? buffered.oldest : stream.oldest;
  const age = oldest === null ? 0 : now - Date.parse(oldest);
  if (age <= lateSeconds(config) * 1_000) return [];
  const hours = age / HOUR_MS;
  const left = Math.max(0, KEPT_HOURS - hours);
  const records = stream === null ? buffered.count : stream.undeliveredRecords;
  const waits = records === null ? '' : ` ${stream === null ? '' : 'At most '}${records} requests wait.`;
  return [
    finding(
      'SLUICE_FINDING_STREAM_LATE',
      `${stream?.stream ?? partName(stack, 'landing')}: its oldest record has waited ${hours.toFixed(1)} hours; Firehose drops it in ${left.toFixed(1)} hours.${waits}`,
      [
        stream === null
          ? say.control('POST', 'flush')
          : say.aws('logs', 'tail', deliveryLogGroup(stack), '--since', '1h'),
      ],
    ),
  ];
}

function findQuota({ stream }: StatusFacts): Finding[] {
  if (stream === null) return [];
  const { quotaShare, quota, throttledRecords } = stream;
  const isNear = quotaShare !== null && quotaShare >= NEAR;
  const throttled = throttledRecords ?? 0;
  if (!isNear && throttled === 0) return [];
  const share = quotaShare === null ? '' : ` ${Math.round(quotaShare * 100)} % of its ${quota} a second.`;
  const refused = throttled === 0 ? '' : ` ${throttled} records were throttled within 15 minutes.`;
  return [
    finding(
      'SLUICE_FINDING_QUOTA_NEAR',
      `${stream.stream}:${share}${refused}`,
      [],
      throttled > 0 ? 'problem' : 'warning',
    ),
  ];
}

function findGaps(
  { partitions }: StatusFacts,
  { config }: Pick<Deployment, 'config'>,
  say: DeploymentCommands,
): Finding[] {
  const gaps = partitions?.gaps ?? [];
  if (gaps.length === 0) return [];
  const tables = tableKinds.flatMap((table) => {
    const days = gaps.flatMap((gap) => (gap.table === table ? [gap.day] : []));
    return days.length === 0 ? [] : [`${config.tables[table]}: ${listed(days)}`];
  });
  return [
    finding('SLUICE_FINDING_PARTITION_WRONG', `${tables.join('; ')}.`, [
      say.send('register', '{"sluice":"daily"}'),
    ]),
  ];
}

function findNotStored(
  { lastHour }: StatusFacts,
  { stack }: Pick<Deployment, 'stack'>,
  say: DeploymentCommands,
): Finding[] {
  const failed = Object.entries(lastHour?.failedBy ?? {}).map(([code, count]) => ({ code, count }));
  const notStored = failed.filter(({ code }) => NOT_STORED.includes(code));
  const others = failed.filter(({ code }) => !NOT_STORED.includes(code));
  const group = `/aws/lambda/${partName(stack, 'collect')}`;
  const words = ['logs', 'filter-log-events', '--log-group-name', group];
  const commands = [say.aws(...words, '--filter-pattern', '{ $.status = 503 }', '--limit', '20')];
  const cures = new Map(Object.entries(CollectError.entries).map(([code, { cure }]) => [code, cure]));
  const stored = notStored.reduce((sum, { count }) => sum + count, 0);
  return [
    ...(stored === 0
      ? []
      : [
          finding(
            'SLUICE_FINDING_NOT_STORED',
            `${stored} ${stored === 1 ? 'request' : 'requests'}.`,
            commands,
          ),
        ]),
    ...(others.length === 0
      ? []
      : [
          finding(
            'SLUICE_FINDING_NOT_STORED',
            others.map(({ code, count }) => `${failedText(code, count)}. ${cures.get(code) ?? ''}`).join(' '),
            commands,
          ),
        ]),
  ];
}

/** Refused requests from which they are a problem at a small share: as the alarm on 4xx has it. */
const MANY_REFUSED = 20;
const MANY_REFUSED_SHARE = 0.05;

function findRefused({ lastHour, refusals }: StatusFacts, say: DeploymentCommands): Finding[] {
  const codes = Object.entries(lastHour?.refusedBy ?? {});
  const refused = codes.reduce((sum, [, count]) => sum + count, 0);
  const requests = Math.max(refused, lastHour?.requests ?? 0);
  if (refused === 0) return [];
  const isMost = refused * 2 > requests;
  const isMany = refused >= MANY_REFUSED && refused >= requests * MANY_REFUSED_SHARE;
  const groups = refusals?.groups.map(refusedText) ?? codes.map(([code, count]) => `${count} ${code}`);
  return [
    finding(
      'SLUICE_FINDING_REFUSED',
      `${refused} of ${requests} requests: ${listed(groups, '; ')}.`,
      [
        say.sluice('tail', '--errors'),
        ...(codes.some(([code]) => code === 'SLUICE_KEY_UNKNOWN') ? [say.sluice('keys', 'list')] : []),
      ],
      isMost || isMany ? 'problem' : 'warning',
    ),
  ];
}

function refusedText({ code, key, sdk, requests, first, last }: RefusedGroup): string {
  const from = sdk === null ? '' : ` from ${sdk}`;
  const of = key === null ? '' : ` with the key ${key}`;
  return `${requests} ${code}${from}${of}, first ${first}, last ${last}`;
}

function findNoSender({ senders }: StatusFacts, say: DeploymentCommands): Finding[] {
  if (senders !== 0) return [];
  return [finding('SLUICE_FINDING_NO_KEY', '', [say.sluice('keys', 'add', 'web')])];
}

function findSilence(
  { lastHour, lastRequestAt, lastEventAt }: StatusFacts,
  { now }: Pick<Deployment, 'now'>,
): Finding[] {
  if (lastHour === null || lastRequestAt !== null || lastEventAt === null) return [];
  const hours = (now - Date.parse(lastEventAt)) / HOUR_MS;
  if (hours < 1) return [];
  const ago = hours < 48 ? `${hours.toFixed(1)} hours` : `${Math.round(hours / 24)} days`;
  return [finding('SLUICE_FINDING_SILENT', `The last event came at ${lastEventAt}, ${ago} ago.`)];
}

function findQuarantine({ quarantine }: StatusFacts, say: DeploymentCommands): Finding[] {
  const reasons = quarantine ?? [];
  if (reasons.length === 0) return [];
  return [
    finding(
      'SLUICE_FINDING_QUARANTINED',
      `${listed(reasons.map(({ reason, rows }) => `${rows} ${rows === 1 ? 'row' : 'rows'} with ${reason}`))}.`,
      [
        say.sluice('quarantine'),
        ...reasons
          .slice(0, MOST_COMMANDS)
          .map(({ reason }) => say.sluice('redrive', '--reason', reason, '--dry-run')),
      ],
      // Refused events are ordinary; rows that their table did not take are not.
      reasons.some(({ reason }) => isRowFailure(reason)) ? 'problem' : 'warning',
    ),
  ];
}

function findDatasets(
  { datasets }: StatusFacts,
  { now }: Pick<Deployment, 'now'>,
  say: DeploymentCommands,
): Finding[] {
  return (datasets ?? []).flatMap((one) => {
    const { source, dataset, days, late } = one;
    const of = `${source}/${dataset}`;
    const words = ['--source', source, '--dataset', dataset];
    const explain = (day: string) => say.sluice('ingest', 'explain', ...words, '--day', day);
    const leftOut = days.filter((day) => day.leftOut !== '').toReversed();
    const untold = days.filter(({ receipt }) => receipt !== null).toReversed();
    return [
      ...findListing(one, now),
      ...failedDays('SLUICE_FINDING_INGEST_FAILED', of, days, explain),
      ...late.map(({ day, due }) =>
        finding('SLUICE_FINDING_INGEST_LATE', `${of} ${day}: expected by ${due}.`, [
          say.sluice('ingest', 'status', ...words),
        ]),
      ),
      ...days.flatMap(({ day, athena }) =>
        athena === null || now - Date.parse(athena.startedAt) <= ATHENA_STUCK_MS
          ? []
          : [
              finding(
                'SLUICE_FINDING_LOAD_STUCK',
                `${of} ${day}: since ${athena.startedAt}, step ${athena.step}, execution ${athena.execution ?? 'none'}.`,
                [explain(day)],
              ),
            ],
      ),
      ...leftOut
        .slice(0, 1)
        .map((last) =>
          finding(
            'SLUICE_FINDING_FILES_LEFT_OUT',
            `${of}: ${last.day} ${last.leftOut}${otherDays(leftOut.length)}.`,
            [explain(last.day)],
          ),
        ),
      ...untold
        .slice(0, 1)
        .map(({ day, receipt }) =>
          finding('SLUICE_FINDING_RECEIPTS_FAILED', `${of}: ${day}: ${receipt}${otherDays(untold.length)}.`, [
            explain(day),
          ]),
        ),
    ];
  });
}

function findListing(
  { source, dataset, folder, schedule, lookbackDays, listedAt, listFailure, isStopped }: DatasetDays,
  now: number,
): Finding[] {
  const of = `${source}/${dataset}`;
  if (listedAt === null)
    return [finding('SLUICE_FINDING_INGEST_LATE', `${of}: never listed, ${schedule}.`, [], 'warning')];
  return [
    ...(now - Date.parse(listedAt) > OLD_AFTER_MS[schedule]
      ? [finding('SLUICE_FINDING_INGEST_LATE', `${of}: listed at ${listedAt}, ${schedule}.`, [], 'warning')]
      : []),
    ...(listFailure === null
      ? []
      : [
          finding(
            'SLUICE_FINDING_SOURCE_UNREADABLE',
            `${of}, ${folder}, ${listedAt}: ${listFailure.code}: ${listFailure.message}`,
          ),
        ]),
    ...(isStopped
      ? [
          finding(
            'SLUICE_FINDING_INGEST_LATE',
            `${of}: ${folder} had no files for today and ${lookbackDays} days before, ${listedAt}.`,
            [],
            'warning',
          ),
        ]
      : []),
  ];
}

/** Days that failed, the latest first. */
function failedDays(
  code: FindingCode,
  of: string,
  days: readonly LedgerDayStatus[],
  command: (day: string) => string,
): Finding[] {
  const failed = days.filter(({ state }) => state === 'failed').toReversed();
  if (failed.length === 0) return [];
  const names = failed.map(({ day, code: why }) => `${day} ${why ?? 'failed'}`);
  const commands = failed.slice(0, MOST_COMMANDS).map(({ day }) => command(day));
  return [finding(code, `${of}: ${listed(names)}.`, [...new Set(commands)])];
}

/** Says how many more days a finding is about than the one that it names. */
function otherDays(count: number): string {
  return count < 2 ? '' : `; and ${count - 1} other ${count === 2 ? 'day' : 'days'}`;
}

function findExports({ exports }: StatusFacts, say: DeploymentCommands): Finding[] {
  return (exports ?? []).flatMap(({ export: name, bucket, days }) =>
    failedDays('SLUICE_FINDING_EXPORT_FAILED', `${name}, s3://${bucket}/`, days, () =>
      say.sluice('export', 'status', '--export', name),
    ),
  );
}

function findCurations({ curated }: StatusFacts, say: DeploymentCommands): Finding[] {
  return (curated ?? []).flatMap(({ kind, table, failed, late, unplanned, leftOut }) => {
    const run = say.sluice('curate', 'run', '--table', kind);
    const names = failed.map(({ day, code }) => `${day} ${code}`);
    const show = say.sluice('curate', 'status', '--table', kind);
    return [
      ...(failed.length === 0
        ? []
        : [finding('SLUICE_FINDING_CURATE_FAILED', `${table}: ${listed(names)}.`, [show, run])]),
      ...(late.length === 0
        ? []
        : [finding('SLUICE_FINDING_CURATE_LATE', `${table}, queued for a day: ${listed(late)}.`, [run])]),
      ...(unplanned.length === 0
        ? []
        : [
            finding(
              'SLUICE_FINDING_CURATE_LATE',
              `${table}, never queued: ${listed(unplanned)}.`,
              [run],
              'warning',
            ),
          ]),
      ...(leftOut === 0
        ? []
        : [
            finding(
              'SLUICE_FINDING_CURATE_LATE',
              `${table}, left out of views: ${leftOut} ${leftOut === 1 ? 'day' : 'days'}.`,
              [show],
              'warning',
            ),
          ]),
    ];
  });
}

function findCopies(
  { relay }: StatusFacts,
  { now, stack }: Pick<Deployment, 'now' | 'stack'>,
  say: DeploymentCommands,
): Finding[] {
  if (relay === null) return [];
  const { waiting, refused } = relay;
  const reasons = refused.map(
    ({ reason, count, oldest }) => `${reason}: ${copies(count)}, the oldest of ${oldest}`,
  );
  return [
    ...(refused.length === 0
      ? []
      : [
          finding('SLUICE_FINDING_RELAY_REFUSED', `${listed(reasons)}.`, [
            say.sluice('relay', 'status'),
            say.sluice('relay', 'redrive', '--dry-run'),
          ]),
        ]),
    ...(waiting.oldest === null || now - Date.parse(waiting.oldest) < HOUR_MS
      ? []
      : [
          finding(
            'SLUICE_FINDING_RELAY_LATE',
            `${waiting.hasMore ? 'At least ' : ''}${copies(waiting.count)}, the oldest since ${waiting.oldest}.`,
            [say.aws('logs', 'tail', `/aws/lambda/${partName(stack, 'relay')}`, '--since', '1h')],
          ),
        ]),
  ];
}

function copies(count: number): string {
  return count === 1 ? '1 copy' : `${count} copies`;
}

function findAlarms({ alarms, isLocal }: StatusFacts, say: DeploymentCommands): Finding[] {
  const on = (alarms ?? []).filter(({ state }) => state === 'ALARM');
  const silent = (alarms ?? []).filter(({ notifies }) => !notifies);
  return [
    ...(on.length === 0
      ? []
      : [
          finding(
            'SLUICE_FINDING_ALARM',
            on.map(({ name, since, description }) => `${name}, since ${since}: ${description}.`).join(' '),
            [
              say.aws(
                ...['cloudwatch', 'describe-alarms', '--alarm-names'],
                ...on.slice(0, MOST_NAMED).map(({ name }) => name),
              ),
            ],
          ),
        ]),
    ...(isLocal || silent.length === 0
      ? []
      : [finding('SLUICE_FINDING_NO_TOPIC', `${silent.length} of ${alarms?.length ?? 0} alarms.`)]),
  ];
}

function listed(names: readonly string[], between = ', '): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(between)}${more > 0 ? ` and ${more} more` : ''}`;
}
