import { deliveryLogGroup, lateSeconds, streamName } from '../../infra/streams/streams.ts';
import { partName } from '../../infra/template/Stack.ts';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { shellCommand } from '../../lib/base/text.ts';
import { CollectError } from '../../lib/collect/CollectError.ts';
import { drainText } from '../../lib/landing/hold/StreamHolds.ts';
import { EXPIRING_SECONDS, KEPT_SECONDS } from '../../lib/landing/hold/streamAge.ts';
import { sluiceCommand } from '../commands.ts';
import { deploymentOptions } from '../deployment.ts';
import { isForPerson, streamsHeldToo, streamWord } from '../holds/holds.ts';
import type { Place } from '../place.ts';
import { HOUR_MS } from '../reconcile/hourlyMetrics.ts';
import { failedText, NOT_STORED } from './rates.ts';
import type { StatusFacts } from './statusFacts.ts';
import { daysOfDropped, droppedText, type StreamState } from './streamState.ts';

/** What `sluice status` can find. Codes are stable. None of them is thrown. */
export const StatusFinding = defineErrorFamily('system', {
  SLUICE_STATUS_OVERFLOW: {
    cause: 'Rows wait in overflow/, because Firehose did not accept them. Nothing is lost.',
    cure: 'Redrive sends them again every five minutes; the command does so now. If they become more, the stream is throttled or fails: docs/redrive.md, "Alarms".',
  },
  SLUICE_STATUS_ERRORS: {
    cause: 'Records wait in errors/, because Firehose could not deliver them.',
    cure: 'Redrive moves them to quarantine; the command does so now. Then correct the cause: docs/redrive.md, "Errors of Firehose".',
  },
  SLUICE_STATUS_PARKED: {
    cause: 'Objects are parked: their tries are used up, and nothing touches them.',
    cure: 'Correct what the code names, then move them back with the command: docs/redrive.md, "What is parked".',
  },
  SLUICE_STATUS_UNKNOWN_KEYS: {
    cause: 'Objects that are not of Sluice are under overflow/, errors/ or parked/. Redrive leaves them.',
    cure: 'Find out what wrote them, and move them away.',
  },
  SLUICE_STATUS_STREAM_LATE: {
    cause: 'A stream delivers late. Firehose drops records 24 hours after it has accepted them.',
    cure: "Read the stream's log group with the command, and correct its role, the bucket, the key or the table.",
  },
  SLUICE_STATUS_STREAM_EXPIRING: {
    cause:
      'A stream has not delivered for 12 hours or more. Firehose drops records 24 hours after it has accepted them.',
    cure: 'Correct what its log group names before the hours are over. If that is not possible, move the stream to a rescue bucket: docs/operate.md, "A stream delivers late".',
  },
  SLUICE_STATUS_STREAM_DROPPED: {
    cause:
      "A stream's oldest record had waited for 24 hours within the last 24 hours: Firehose drops records then.",
    cure: 'What it dropped is gone. The commands have the hours and how many rows of them are missing, if any: tell those who use these days. Rows that redrive had put on the stream count on the day on which they were first received. Then correct what keeps the stream from delivering, if it is still late.',
  },
  SLUICE_STATUS_STREAM_HELD: {
    cause:
      'A stream is held, because what goes into it may be dropped: rows wait in overflow/. Nothing of them is lost.',
    cure: 'Correct what keeps the stream from delivering: the check then releases it. What a person holds, and one of several streams for which nothing waits, a person releases with the command: docs/operate.md, "A stream delivers late".',
  },
  SLUICE_STATUS_DRAINING: {
    cause:
      'The deployment is being drained: the collector answers 503 and takes no events. SDKs send them again for a while.',
    cure: 'If the stack is not to be removed, let the intake go on with the command: docs/deploy.md, "Changing and removing".',
  },
  SLUICE_STATUS_QUOTA_NEAR: {
    cause: 'A stream is near its quota, or above it. What it does not accept goes to overflow/.',
    cure: 'Give the table more streams, or ask AWS for a higher quota: docs/limits.md, "Rows a second".',
  },
  SLUICE_STATUS_PARTITION_MISSING: {
    cause: 'Days have files that no query reads: their partition is missing, or points elsewhere.',
    cure: 'Register them with the command. If they are missing again, look at the register queue and its dead letters.',
  },
  SLUICE_STATUS_NOT_STORED: {
    cause:
      'Requests of the last hour were answered 503, because neither Firehose nor overflow stored them. SDKs send them again.',
    cure: 'Look at the refusals with the command, and correct the role, the bucket or its key.',
  },
  SLUICE_STATUS_UNAVAILABLE: {
    cause:
      'Requests of the last hour were answered 503, and not because of Firehose or the bucket. SDKs send them again.',
    cure: 'The detail has the cure of each code; the command lists the requests.',
  },
  SLUICE_STATUS_QUARANTINED: {
    cause: 'Events of the last 24 hours are in quarantine.',
    cure: 'docs/quarantine.md has the cure of each reason. Once it is corrected, the command says what would be delivered.',
  },
  SLUICE_STATUS_INGEST_FAILED: {
    cause: "Days of a customer's dataset failed.",
    cure: 'The command explains the day.',
  },
  SLUICE_STATUS_INGEST_LATE: {
    cause: "A customer's drop is late, or the folder cannot be listed.",
    cure: 'Ask the customer, or read docs/ingest.md, "Alarms".',
  },
  SLUICE_STATUS_EXPORT_FAILED: {
    cause: 'Days of an export failed.',
    cure: 'The command shows why: docs/export.md, "When an export fails".',
  },
  SLUICE_STATUS_CURATE_FAILED: {
    cause: 'Days could not be curated. Views read their raw rows: no answer is wrong, queries read more.',
    cure: 'The first command says why: docs/curated.md, "When a day is not curated". The plan tries them again every night; the second command does so now.',
  },
  SLUICE_STATUS_CURATE_LATE: {
    cause: 'Days have waited for more than a day to be curated. Views read their raw rows.',
    cure: 'The command queues them now. If they wait again, look at the queue and the log of `curate`.',
  },
  SLUICE_STATUS_CURATE_UNPLANNED: {
    cause:
      'The last night should have queued days to curate that were never queued. Views read their raw rows.',
    cure: 'If `curate: true` is new, wait for the night or run the command. Otherwise look at the log of `curate-plan` and its queue.',
  },
  SLUICE_STATUS_RELAY_REFUSED: {
    cause:
      'The target of relay refused copies of requests, or did not take them in time. They are kept for some days.',
    cure: 'The first command counts them by reason: docs/relay.md, "What was refused". The second sends them again once it is corrected.',
  },
  SLUICE_STATUS_ALARM: { cause: 'Alarms are on.', cure: 'The description of each says where to look.' },
  SLUICE_STATUS_NO_TOPIC: {
    cause: 'Alarms notify nobody.',
    cure: 'Set `alarms.topicArn` in sluice.config.ts and deploy: docs/metrics.md.',
  },
  SLUICE_STATUS_FAULTS: {
    cause: 'Faults are set in the local cloud: it fails on purpose.',
    cure: 'Remove them with the command.',
  },
  SLUICE_STATUS_UNREADABLE: {
    cause: 'Parts of the deployment could not be read, so they may have problems that are not listed.',
    cure: 'Use credentials with the permissions that docs/observe.md, "sluice status", lists.',
  },
});

/** The part of the pipeline that a problem is about. */
export type StatusPart = 'collector' | 'streams' | 'partitions' | 'drops' | 'deployment';

/** Which part each finding is about. */
const PARTS: Readonly<Record<keyof typeof StatusFinding.entries, StatusPart>> = {
  SLUICE_STATUS_OVERFLOW: 'streams',
  SLUICE_STATUS_ERRORS: 'streams',
  SLUICE_STATUS_PARKED: 'streams',
  SLUICE_STATUS_UNKNOWN_KEYS: 'streams',
  SLUICE_STATUS_STREAM_LATE: 'streams',
  SLUICE_STATUS_STREAM_EXPIRING: 'streams',
  SLUICE_STATUS_STREAM_DROPPED: 'streams',
  SLUICE_STATUS_STREAM_HELD: 'streams',
  SLUICE_STATUS_DRAINING: 'collector',
  SLUICE_STATUS_QUOTA_NEAR: 'streams',
  SLUICE_STATUS_PARTITION_MISSING: 'partitions',
  SLUICE_STATUS_NOT_STORED: 'collector',
  SLUICE_STATUS_UNAVAILABLE: 'collector',
  SLUICE_STATUS_QUARANTINED: 'collector',
  SLUICE_STATUS_INGEST_FAILED: 'drops',
  SLUICE_STATUS_INGEST_LATE: 'drops',
  SLUICE_STATUS_EXPORT_FAILED: 'drops',
  SLUICE_STATUS_CURATE_FAILED: 'partitions',
  SLUICE_STATUS_CURATE_LATE: 'partitions',
  SLUICE_STATUS_CURATE_UNPLANNED: 'partitions',
  SLUICE_STATUS_RELAY_REFUSED: 'collector',
  SLUICE_STATUS_ALARM: 'deployment',
  SLUICE_STATUS_NO_TOPIC: 'deployment',
  SLUICE_STATUS_FAULTS: 'deployment',
  SLUICE_STATUS_UNREADABLE: 'deployment',
};

/** A problem, what it means, and how to heal it. */
export interface StatusProblem {
  readonly code: keyof typeof StatusFinding.entries;
  /** A `problem` makes `sluice status` exit with 3; a `warning` does not. */
  readonly severity: 'problem' | 'warning';
  readonly part: StatusPart;
  readonly cause: string;
  /** What it is about: names, counts and times. */
  readonly detail: string;
  readonly cure: string;
  /** Commands that heal it or show more; often none. */
  readonly commands: readonly string[];
}

/** The share of a quota from which a stream is near it. */
export const NEAR = 0.8;
const KEPT_HOURS = KEPT_SECONDS / 3_600;
const EXPIRING_HOURS = EXPIRING_SECONDS / 3_600;
/** Failed days and reasons that have a command. */
const MOST_COMMANDS = 3;
const MOST_NAMED = 5;

/** Judges a status: problems first. */
export function findProblems(
  status: StatusFacts,
  place: Pick<Place, 'config' | 'stack' | 'localControl' | 'now'>,
  { region, faults }: { readonly region: string; readonly faults: number },
): readonly StatusProblem[] {
  const say = commands(place, region);
  const found: StatusProblem[] = [
    ...findWaiting(status, say),
    ...findLateStreams(status, place, say),
    ...findDroppedRecords(status, say),
    ...findDrain(status, say),
    ...findHeldStreams(status, place, say),
    ...findQuotas(status),
    ...findGaps(status, place, say),
    ...findNotStored(status, place, say),
    ...findQuarantine(status, say),
    ...findDrops(status, say),
    ...findCurations(status, say),
    ...findRefusedCopies(status, say),
    ...findAlarms(status, say),
    ...(faults === 0
      ? []
      : [
          problem(
            'SLUICE_STATUS_FAULTS',
            faults === 1 ? '1 fault.' : `${faults} faults.`,
            [say.control('DELETE', 'faults')],
            'warning',
          ),
        ]),
    ...(status.unknown.length === 0
      ? []
      : [
          problem(
            'SLUICE_STATUS_UNREADABLE',
            status.unknown.map(({ part, why }) => `${part}: ${why}`).join(' '),
          ),
        ]),
  ];
  return [
    ...found.filter(({ severity }) => severity === 'problem'),
    ...found.filter(({ severity }) => severity === 'warning'),
  ];
}

function problem(
  code: StatusProblem['code'],
  detail: string,
  commands: readonly string[] = [],
  severity: StatusProblem['severity'] = 'problem',
): StatusProblem {
  return { code, severity, part: PARTS[code], ...StatusFinding.entries[code], detail, commands };
}

type Commands = ReturnType<typeof commands>;

/** Commands for a person, for this place. */
function commands({ stack, localControl }: Pick<Place, 'stack' | 'localControl'>, region: string) {
  const where = ['--region', region, ...(localControl === undefined ? [] : ['--endpoint-url', localControl])];
  const aws = (...words: readonly string[]) => shellCommand(['aws', ...words, ...where]);
  return {
    aws,
    sluice: (...words: readonly string[]) =>
      sluiceCommand(
        deploymentOptions({
          ...{ stack, local: localControl !== undefined },
          place: { region, ...(localControl === undefined ? {} : { endpoint: localControl }) },
        }),
        words,
      ),
    control: (method: 'POST' | 'DELETE', name: string) =>
      shellCommand(['curl', '-X', method, `${localControl}/_sluice/${name}`]),
    /** A message to the queue of a function; the queue's address depends on the account. */
    send: (part: string, body: string) => {
      const url = aws(
        ...['sqs', 'get-queue-url', '--queue-name', partName(stack, part)],
        ...['--query', 'QueueUrl', '--output', 'text'],
      );
      return `${shellCommand(['aws', 'sqs', 'send-message', '--queue-url'])} "$(${url})" ${shellCommand(['--message-body', body, ...where])}`;
    },
  };
}

function findWaiting(
  { waiting: { overflow, errors, parked }, isLocal }: StatusFacts,
  say: Commands,
): StatusProblem[] {
  const redrive = isLocal ? say.control('POST', 'flush') : say.send('redrive', '{"sluice":"stragglers"}');
  const about = ({ count, hasMore, oldest, lastCode }: NonNullable<typeof overflow>) =>
    `${hasMore ? 'At least ' : ''}${count === 1 ? '1 object' : `${count} objects`}, the oldest since ${oldest}${lastCode === null ? '' : `, the last for ${lastCode}`}.`;
  const unknownKeys = [overflow, errors, parked].reduce((sum, one) => sum + (one?.unknownKeys ?? 0), 0);
  return [
    ...((overflow?.count ?? 0) > 0 && overflow !== null
      ? [problem('SLUICE_STATUS_OVERFLOW', about(overflow), [redrive])]
      : []),
    ...((errors?.count ?? 0) > 0 && errors !== null
      ? [problem('SLUICE_STATUS_ERRORS', about(errors), [redrive])]
      : []),
    ...((parked?.count ?? 0) > 0 && parked !== null
      ? [problem('SLUICE_STATUS_PARKED', about(parked), [say.sluice('redrive', '--parked')])]
      : []),
    ...(unknownKeys > 0
      ? [problem('SLUICE_STATUS_UNKNOWN_KEYS', `${unknownKeys} objects.`, [], 'warning')]
      : []),
  ];
}

/** A stream; locally all of a table, whose rows are known. */
interface LateCandidate extends Pick<StreamState, 'table' | 'stream' | 'oldest' | 'undeliveredRecords'> {
  readonly rows?: number | null;
}

function findLateStreams(
  { tables, isLocal, streams }: StatusFacts,
  { config, stack, now }: Pick<Place, 'config' | 'stack' | 'now'>,
  say: Commands,
): StatusProblem[] {
  const lateMs = lateSeconds(config) * 1_000;
  const waiting = tables.flatMap(({ table, buffered: { oldest, count } }): readonly LateCandidate[] => {
    const own = (streams ?? []).filter((one) => one.table === table);
    const all = { table, stream: partName(stack, table), oldest, rows: count, undeliveredRecords: null };
    return own.length > 0 ? own : [all];
  });
  return waiting.flatMap(({ table, stream, oldest, rows, undeliveredRecords }) => {
    const age = oldest === null ? 0 : now - Date.parse(oldest);
    if (age <= lateMs) return [];
    const hours = age / HOUR_MS;
    const left = Math.max(0, KEPT_HOURS - hours);
    const recordsText =
      undeliveredRecords === null ? '' : ` At most ${undeliveredRecords} records wait, of up to 500 rows.`;
    const waits = typeof rows === 'number' ? ` ${rows} rows wait.` : recordsText;
    return [
      problem(
        hours >= EXPIRING_HOURS ? 'SLUICE_STATUS_STREAM_EXPIRING' : 'SLUICE_STATUS_STREAM_LATE',
        `${stream}: its oldest record has waited ${hours.toFixed(1)} hours; Firehose drops it in ${left.toFixed(1)} hours.${waits}`,
        isLocal
          ? [say.control('POST', 'flush')]
          : [say.aws('logs', 'tail', deliveryLogGroup(stack, table), '--since', '1h')],
      ),
    ];
  });
}

function findDroppedRecords({ dropped }: StatusFacts, say: Commands): StatusProblem[] {
  return (dropped ?? []).map((one) =>
    problem(
      'SLUICE_STATUS_STREAM_DROPPED',
      droppedText(one),
      daysOfDropped(one).map((day) => say.sluice('reconcile', '--day', day)),
    ),
  );
}

function findDrain({ drain, stack }: StatusFacts, say: Commands): StatusProblem[] {
  if (drain === null) return [];
  return [
    problem('SLUICE_STATUS_DRAINING', `${stack}: ${drainText(drain)}`, [say.sluice('drain', '--cancel')]),
  ];
}

function findHeldStreams(
  { held }: StatusFacts,
  place: Pick<Place, 'config' | 'stack'>,
  say: Commands,
): StatusProblem[] {
  if (held === null) return [];
  return streamsHeldToo(place, { held }).flatMap((stream) => {
    const hold = held[stream];
    if (hold === undefined) return [];
    const by = hold.by === 'hand' ? 'by hand' : 'by the check';
    return [
      problem(
        'SLUICE_STATUS_STREAM_HELD',
        `${streamName(place.stack, stream)}: held ${by} since ${hold.since}. ${hold.why}`,
        isForPerson(place, stream, hold) ? [say.sluice('hold', streamWord(place, stream), '--release')] : [],
      ),
    ];
  });
}

function findQuotas({ streams }: StatusFacts): StatusProblem[] {
  return (streams ?? []).flatMap(({ stream, quotaShare, quota, throttledRecords }) => {
    const isNear = quotaShare !== null && quotaShare >= NEAR;
    const throttled = throttledRecords ?? 0;
    if (!isNear && throttled === 0) return [];
    const share = quotaShare === null ? '' : ` ${Math.round(quotaShare * 100)} % of its ${quota} a second.`;
    const refused = throttled === 0 ? '' : ` ${throttled} records were throttled within 15 minutes.`;
    return [
      problem(
        'SLUICE_STATUS_QUOTA_NEAR',
        `${stream}:${share}${refused}`,
        [],
        throttled > 0 ? 'problem' : 'warning',
      ),
    ];
  });
}

function findGaps(
  { partitions }: StatusFacts,
  { config }: Pick<Place, 'config'>,
  say: Commands,
): StatusProblem[] {
  const gaps = partitions?.gaps ?? [];
  if (gaps.length === 0) return [];
  const names = gaps.map(({ table, day }) => `${config.tables[table]} ${day}`);
  return [
    problem('SLUICE_STATUS_PARTITION_MISSING', `${listed(names)}.`, [
      say.send('register', '{"sluice":"daily"}'),
    ]),
  ];
}

function findNotStored(
  { lastHour, drain }: StatusFacts,
  { stack }: Pick<Place, 'stack'>,
  say: Commands,
): StatusProblem[] {
  const failed = Object.entries(lastHour?.failedBy ?? {})
    // What a drain refuses has a finding of its own.
    .filter(([code]) => drain === null || code !== 'SLUICE_COLLECT_DRAINING')
    .map(([code, count]) => ({ code, count }));
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
          problem(
            'SLUICE_STATUS_NOT_STORED',
            `${stored} ${stored === 1 ? 'request' : 'requests'}.`,
            commands,
          ),
        ]),
    ...(others.length === 0
      ? []
      : [
          problem(
            'SLUICE_STATUS_UNAVAILABLE',
            others.map(({ code, count }) => `${failedText(code, count)}. ${cures.get(code) ?? ''}`).join(' '),
            commands,
          ),
        ]),
  ];
}

function findQuarantine({ quarantine }: StatusFacts, say: Commands): StatusProblem[] {
  const reasons = quarantine ?? [];
  if (reasons.length === 0) return [];
  return [
    problem(
      'SLUICE_STATUS_QUARANTINED',
      `${listed(reasons.map(({ reason, rows }) => `${rows} ${rows === 1 ? 'row' : 'rows'} with ${reason}`))}.`,
      reasons
        .slice(0, MOST_COMMANDS)
        .map(({ reason }) => say.sluice('redrive', '--reason', reason, '--dry-run')),
      // Refused events are ordinary; what Firehose could not deliver is not.
      reasons.some(({ reason }) => reason.startsWith('SLUICE_FIREHOSE_')) ? 'problem' : 'warning',
    ),
  ];
}

function findDrops({ datasets, exports }: StatusFacts, say: Commands): StatusProblem[] {
  const found: StatusProblem[] = [];
  for (const { source, dataset, days, late, listFailure } of datasets ?? []) {
    const of = `${source}/${dataset}`;
    const failed = days.filter(({ state }) => state === 'failed').toReversed();
    if (failed.length > 0)
      found.push(
        problem(
          'SLUICE_STATUS_INGEST_FAILED',
          `${of}: ${listed(failed.map(({ day, code }) => `${day} ${code}`))}.`,
          failed
            .slice(0, MOST_COMMANDS)
            .map(({ day }) =>
              say.sluice('ingest', 'explain', '--source', source, '--dataset', dataset, '--day', day),
            ),
        ),
      );
    const reasons = [...late.map((day) => `${day} is late`), ...(listFailure === null ? [] : [listFailure])];
    if (reasons.length > 0)
      found.push(
        problem('SLUICE_STATUS_INGEST_LATE', `${of}: ${listed(reasons)}.`, [
          say.sluice('ingest', 'status', '--source', source, '--dataset', dataset),
        ]),
      );
  }
  for (const { export: name, days } of exports ?? []) {
    const failed = days.filter(({ state }) => state === 'failed').toReversed();
    if (failed.length > 0)
      found.push(
        problem(
          'SLUICE_STATUS_EXPORT_FAILED',
          `${name}: ${listed(failed.map(({ day, code }) => `${day} ${code}`))}.`,
          [say.sluice('export', 'status', '--export', name)],
        ),
      );
  }
  return found;
}

function findCurations({ curated }: StatusFacts, say: Commands): StatusProblem[] {
  return (curated ?? []).flatMap(({ kind, table, failed, late, unplanned }) => {
    const run = say.sluice('curate', 'run', '--table', kind);
    const names = failed.map(({ day, code }) => `${day} ${code}`);
    const show = say.sluice('curate', 'status', '--table', kind);
    return [
      ...(failed.length === 0
        ? []
        : [problem('SLUICE_STATUS_CURATE_FAILED', `${table}: ${listed(names)}.`, [show, run])]),
      ...(late.length === 0
        ? []
        : [problem('SLUICE_STATUS_CURATE_LATE', `${table}: ${listed(late)}.`, [run])]),
      ...(unplanned.length === 0
        ? []
        : [problem('SLUICE_STATUS_CURATE_UNPLANNED', `${table}: ${listed(unplanned)}.`, [run], 'warning')]),
    ];
  });
}

function findRefusedCopies({ relay }: StatusFacts, say: Commands): StatusProblem[] {
  if (relay === null || relay.refused.length === 0) return [];
  const reasons = relay.refused.map(({ reason, count }) => `${count} for ${reason}`);
  return [
    problem('SLUICE_STATUS_RELAY_REFUSED', `${listed(reasons)}.`, [
      say.sluice('relay', 'status'),
      say.sluice('relay', 'redrive'),
    ]),
  ];
}

function findAlarms({ alarms, isLocal }: StatusFacts, say: Commands): StatusProblem[] {
  const on = (alarms ?? []).filter(({ state }) => state === 'ALARM');
  const silent = (alarms ?? []).filter(({ notifies }) => !notifies);
  return [
    ...(on.length === 0
      ? []
      : [
          problem(
            'SLUICE_STATUS_ALARM',
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
      : [
          problem(
            'SLUICE_STATUS_NO_TOPIC',
            `${silent.length} of ${alarms?.length ?? 0} alarms.`,
            [],
            'warning',
          ),
        ]),
  ];
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
