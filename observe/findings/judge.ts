import { deliveryLogGroup } from '../../infra/streams/streams.ts';
import { partName } from '../../infra/template/Stack.ts';
import type { ErrorEntry } from '../../lib/base/errors.ts';
import { counted } from '../../lib/base/text.ts';
import { addDays, DAY_MS, HOUR_MS, isoTimestamp, utcDay } from '../../lib/base/time.ts';
import { CollectError } from '../../lib/collect/CollectError.ts';
import { isCuredByRedrive, isRowFailure } from '../../lib/landing/quarantineReasons.ts';
import { forwardedKinds, tableKinds } from '../../lib/schema/kinds.ts';
import { dayRanges } from '../../lib/views/curatedDays.ts';
import { KeysError } from '../../lib/wire/keys/Keyring.ts';
import { daysWords, targetCommands } from '../commands.ts';
import type { Deployment } from '../deployment.ts';
import { type DeploymentCommands, deploymentCommands } from '../deploymentCommands.ts';
import { explainCode } from '../explainCode.ts';
import type { KeptDay } from '../facts/days/curatedDays.ts';
import type { DatasetDays, DropDay, Failing, LackingDay } from '../facts/days/ledgerDays.ts';
import type { Change } from '../facts/flow/changes.ts';
import type { DeadLetters } from '../facts/flow/failures.ts';
import type { SentGroup } from '../facts/flow/loggedRequests.ts';
import { failedText, NOT_STORED } from '../facts/flow/requestCounts.ts';
import { isStreamLate, KEPT_HOURS } from '../facts/flow/streamState.ts';
import { damagedText, isLandingLate, waitingText } from '../facts/flow/waitingObjects.ts';
import type { KeyFacts, StatusFacts } from '../facts/statusFacts.ts';
import { type Finding, type FindingCode, finding } from './catalogue.ts';

/** Milliseconds after which a listing is too old: the interval of the schedule, the time for retries, and a margin. */
const OLD_AFTER_MS = { daily: 26 * HOUR_MS, hourly: 3 * HOUR_MS } as const;
/** The share of a quota from which a stream is near it. */
const NEAR = 0.8;
/** Failed days and reasons that have a command. */
const MOST_COMMANDS = 3;
const MOST_NAMED = 5;
/** Refused requests from which they are a problem at a small share: as the alarm on 4xx has it. */
const MANY_REFUSED = 20;
const MANY_REFUSED_SHARE = 0.05;
/** A minute without a request that could not be stored, after which others were stored: it is over. */
const OVER_AFTER_MS = 120_000;

/** Shares of a day's rows that are resends: from the first with many times the usual share, from the second always. */
const RESENT = { more: 0.05, much: 0.5, times: 5 } as const;

type Judged = Pick<Deployment, 'config' | 'stack' | 'localControl' | 'now'>;
/** What judges know besides facts. */
type Place = Judged & { readonly say: DeploymentCommands };
type Findings = Generator<Finding>;

/** Judges facts, and reads nothing: problems first. Commands, also those in a cure, name the deployment. */
export function judge(facts: StatusFacts, deployment: Judged, region: string): readonly Finding[] {
  const say = deploymentCommands(deployment, region);
  const place = { ...deployment, say };
  const judges = [
    judgeLanding,
    judgeFailed,
    judgeRequests,
    judgeChanges,
    judgeRows,
    judgeDeadLetters,
    judgeDatasets,
    judgeDays,
    judgeCopies,
    judgeRest,
  ];
  const key = facts.key === null ? [] : judgeKey(facts.key, say);
  const others = judges.flatMap((one) => [...one(facts, place)]);
  const found = (facts.key?.KeyState === 'Enabled' ? [...key, ...others] : causedBy(key, others, facts)).map(
    (one) => ({
      ...one,
      cure: targetCommands(one.cure, say.options),
    }),
  );
  const isProblem = ({ severity }: Finding) => severity === 'problem';
  return [...found.filter(isProblem), ...found.filter((one) => !isProblem(one))];
}

/** What follows from a key that nobody can use: what S3 denies for it, what waits, and alarms; others if they name it. */
const FOLLOWS: readonly FindingCode[] = [
  'SLUICE_FINDING_NOT_STORED',
  'SLUICE_FINDING_LANDING_LATE',
  'SLUICE_FINDING_STREAM_LATE',
  'SLUICE_FINDING_ALARM',
];
const MAY_FOLLOW: readonly FindingCode[] = ['SLUICE_FINDING_UNREADABLE', 'SLUICE_FINDING_DEAD_LETTERS'];

/** The finding of a key with what follows from it, and the other findings. */
function causedBy(
  [key, ...more]: readonly Finding[],
  others: readonly Finding[],
  { waiting: { buffered } }: StatusFacts,
): readonly Finding[] {
  if (key === undefined) return others;
  const follows = others.filter(
    ({ code, detail }) =>
      FOLLOWS.includes(code) || (MAY_FOLLOW.includes(code) && /KMS|disabled/.test(detail)),
  );
  // KMS does not tell since when.
  const since =
    buffered.oldest === null ? [] : [`The oldest request that waits for delivery is of ${buffered.oldest}.`];
  const told = follows.map((one) => `${one.code}: ${one.detail}`);
  const detail = [key.detail, ...since, ...told].join(' ');
  return [{ ...key, detail }, ...more, ...others.filter((one) => !follows.includes(one))];
}

/** States of a key that somebody can end. https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html */
const KEY_STATES: Readonly<Record<string, { readonly is: string; readonly verbs: readonly string[] }>> = {
  Disabled: { is: 'is disabled', verbs: ['enable-key'] },
  PendingDeletion: { is: 'is disabled, and is to be deleted', verbs: ['cancel-key-deletion', 'enable-key'] },
};

/** Judges a key by what KMS says of it. */
export function judgeKey(found: KeyFacts, say: Pick<DeploymentCommands, 'aws'>): readonly Finding[] {
  const { Arn = '', KeyState = '', KeySpec, KeyUsage, MultiRegion, DeletionDate } = found;
  const isEnabled = KeyState === 'Enabled';
  const isFit = KeySpec === 'SYMMETRIC_DEFAULT' && KeyUsage === 'ENCRYPT_DECRYPT' && MultiRegion !== true;
  if (isEnabled && isFit) return [];
  const { is, verbs } = KEY_STATES[KeyState] ?? { is: `is ${KeyState}`, verbs: [] };
  const on = DeletionDate === undefined ? '' : ` at ${DeletionDate.toISOString()}`;
  const kind = [KeySpec, KeyUsage, ...(MultiRegion === true ? ['multi-Region'] : [])].join(', ');
  const wrong = `is of a kind that S3 or Statsig does not use (${kind})`;
  const faults = [...(isEnabled ? [] : [`${is}${on}`]), ...(isFit ? [] : [wrong])].join(', and ');
  return [
    finding(
      'SLUICE_FINDING_KEY_UNUSABLE',
      `${Arn} ${faults}.`,
      verbs.map((verb) => say.aws('kms', verb, '--key-id', Arn)),
    ),
  ];
}

/** The stream, and what waits in the landing. */
function* judgeLanding(facts: StatusFacts, { config, stack, now, say }: Place): Findings {
  const { landing, undeleted, damaged, buffered } = facts.waiting;
  const { stream } = facts;
  if (landing !== null && isLandingLate(landing, now)) {
    const dead = (facts.deadLetters ?? []).filter(({ part }) => part === 'write').map(deadText);
    yield finding(
      'SLUICE_FINDING_LANDING_LATE',
      `landing/: ${[waitingText(landing), ...dead].join('; ')}.${failedAt(facts, 'write')}`,
      [say.sluice('redrive', '--landing')],
    );
  }
  if (damaged !== null && damaged.count > 0)
    yield finding('SLUICE_FINDING_DAMAGED', `damaged/: ${damagedText(damaged)}.`, [
      say.sluice('redrive', '--discard', damaged.first ?? '', '--dry-run'),
      say.sluice('redrive', '--damaged'),
    ]);
  if (undeleted !== null && undeleted.count > 0)
    yield finding(
      'SLUICE_FINDING_UNDELETED',
      `landing/: ${waitingText(undeleted)}. S3 answers ${undeleted.why} to s3:DeleteObject.`,
      [say.sluice('doctor')],
    );
  const { count, oldest } = buffered;
  if (oldest !== null && isStreamLate(oldest, { config, now })) {
    const hours = (now - Date.parse(oldest)) / HOUR_MS;
    const left = Math.max(0, KEPT_HOURS - hours);
    const why = facts.failures['landing'];
    const name = stream?.stream ?? partName(stack, 'landing');
    const waits = count === null ? '' : ` ${counted(count, 'request')} ${count === 1 ? 'waits' : 'wait'}.`;
    const log = say.aws('logs', 'tail', deliveryLogGroup(stack), '--since', '1h');
    const subject = why === undefined ? `${name}: its` : `The delivery of ${name} failed last at ${why} Its`;
    yield finding(
      'SLUICE_FINDING_STREAM_LATE',
      `${subject} oldest record has waited since ${oldest}, ${hours.toFixed(1)} hours; Firehose drops it in ${left.toFixed(1)} hours.${waits}`,
      [stream === null ? say.control('POST', 'flush') : log],
    );
  }
  const { quotaShare = null, quota, throttledRecords } = stream ?? {};
  const throttled = throttledRecords ?? 0;
  if (throttled > 0 || (quotaShare ?? 0) >= NEAR) {
    const share = quotaShare === null ? '' : ` ${Math.round(quotaShare * 100)} % of its ${quota} a second.`;
    const refused = throttled === 0 ? '' : ` ${throttled} records were throttled within 15 minutes.`;
    const severity = throttled > 0 ? 'problem' : 'warning';
    yield finding('SLUICE_FINDING_QUOTA_NEAR', `${stream?.stream}:${share}${refused}`, [], severity);
  }
}

/** Messages of queues that nobody works off any more. */
function* judgeDeadLetters(facts: StatusFacts, { say, now }: Place): Findings {
  const { landing } = facts.waiting;
  // What the writer leaves is in the landing.
  const isLate = landing !== null && isLandingLate(landing, now);
  for (const one of (facts.deadLetters ?? []).filter(({ part }) => part !== 'write' || !isLate)) {
    // Only with a destination does SQS move what a schedule or a rule has sent to the dead-letter queue itself.
    const to = ['--destination-arn', one.arn.replace(/-dead-letters$/, '')];
    yield finding('SLUICE_FINDING_DEAD_LETTERS', `${deadText(one)}.${failedAt(facts, one.part)}`, [
      say.aws('sqs', 'start-message-move-task', '--source-arn', one.arn, ...to),
    ]);
  }
}

/** `sluice-prod-write-dead-letters has 2 messages, the oldest since 2026-…`, without a stop at its end. */
function deadText({ queue, messages, since }: DeadLetters): string {
  const age = since === null ? '' : `, the oldest since ${since}`;
  return `${queue} has ${counted(messages, 'message')}${age}`;
}

/** What a function failed with last, as a sentence; empty if that is not known. */
function failedAt({ failures }: StatusFacts, part: string): string {
  const why = failures[part];
  return why === undefined ? '' : ` The function ${part} failed last at ${why}`;
}

/** Requests of 24 hours that were answered 503. */
function* judgeFailed({ lastHour, lastDay }: StatusFacts, { stack, now, say }: Place): Findings {
  const { failedBy = {}, failedAt = {}, lastStoredAt } = lastHour ?? {};
  const causes: Readonly<Record<string, ErrorEntry>> = { ...CollectError.entries, ...KeysError.entries };
  const failed = Object.keys({ ...lastDay?.failedBy, ...failedBy }).map((code) => {
    const count = failedBy[code] ?? 0;
    const day = lastDay?.failedBy[code] ?? { count, first: undefined, last: '' };
    const minutes = failedAt[code];
    // The last hour is known to the minute.
    const from = minutes !== undefined && day.count <= count ? minutes : day;
    const { last } = minutes ?? day;
    const timeText = (time: string, isMinute: boolean) =>
      `${isMinute ? '' : 'in the 5 minutes from '}${time.slice(0, 16)}Z`;
    const span =
      from.first === undefined
        ? ''
        : `, first ${timeText(from.first, from === minutes)}, last ${timeText(last, minutes !== undefined)}`;
    const isUnstored = NOT_STORED.includes(code);
    // A minute has both while some requests fail and others do not.
    const isStored = (lastStoredAt ?? '') > last && now - Date.parse(last) >= OVER_AFTER_MS;
    const isOver = count === 0 ? lastHour !== null : isUnstored && isStored;
    const text = `${failedText(code, Math.max(count, day.count))}${span}${isOver ? '; it is over' : ''}.`;
    const cure = isUnstored ? '' : ` ${causes[code]?.cure ?? ''}`;
    return { first: from.first, isOver, text: `${text}${cure}` };
  });
  if (failed.length === 0) return;
  const [since] = failed.flatMap(({ first }) => first ?? []).sort();
  const start = since === undefined ? [] : ['--start-time', `${Date.parse(since)}`];
  const log = ['--log-group-name', `/aws/lambda/${partName(stack, 'collect')}`, ...start];
  yield finding(
    'SLUICE_FINDING_NOT_STORED',
    failed.map(({ text }) => text).join(' '),
    [say.aws('logs', 'filter-log-events', ...log, '--filter-pattern', '{ $.status = 503 }', '--limit', '20')],
    failed.every(({ isOver }) => isOver) ? 'warning' : 'problem',
  );
}

/** Requests that were refused, keys, and silence. */
function* judgeRequests(facts: StatusFacts, { now, say }: Place): Findings {
  const { lastHour, lastDay, refusals, senders, lastRequestAt, lastEventAt } = facts;
  const codes = Object.entries(lastHour?.refusedBy ?? {});
  const refused = sumOf(codes);
  const day = Math.max(refused, lastDay?.refused ?? 0);
  if (day > 0) {
    const requests = Math.max(refused, lastHour?.requests ?? 0);
    const isMany = refused >= MANY_REFUSED && refused >= requests * MANY_REFUSED_SHARE;
    const groups =
      refusals?.groups.map((one) => `${one.count} ${one.code}${sentText(one)}`) ??
      codes.map(([code, count]) => `${count} ${code}`);
    const isKey = [...codes.map(([code]) => code), ...(refusals?.groups ?? []).map(({ code }) => code)];
    const more = refusals?.hasMore === true ? ', and more lines of the log than were read' : '';
    yield finding(
      'SLUICE_FINDING_REFUSED',
      `${refused} of ${requests} requests of the last hour, ${day} within 24 hours: ${listed(groups, '; ')}${more}.`,
      [
        say.sluice('tail', '--errors'),
        ...(isKey.includes('SLUICE_KEY_UNKNOWN') ? [say.sluice('keys', 'list')] : []),
      ],
      refused > 0 && (refused * 2 > requests || isMany) ? 'problem' : 'warning',
    );
  }
  if (senders === 0) yield finding('SLUICE_FINDING_NO_KEY', '', [say.sluice('keys', 'add', 'web')]);
  const silences = (lastDay?.changes ?? []).filter(({ what }) => what === 'silence');
  const lasting = silences.find(({ last }) => last === null);
  // Without a time nothing ever came.
  const isSilent =
    lastHour?.requests === 0 && Date.parse(lastRequestAt ?? lastEventAt ?? '') <= now - HOUR_MS;
  const since = lastRequestAt ?? lasting?.first ?? null;
  const hourly = lasting?.usual ?? lastDay?.usual ?? null;
  const over = silences
    .filter(({ last }) => last !== null)
    .map(({ first, last, usual }) => `from ${first} to ${last}, where ${usualText(usual)}`);
  const now24 = `${counted(lastDay?.requests ?? 0, 'request')} in 24 hours`;
  const texts = [
    ...(!isSilent && lasting === undefined
      ? []
      : since === null
        ? [`No request in the last hour. The last event was stored at ${agoText(lastEventAt ?? '', now)}`]
        : [
            `No request since ${agoText(since, now)}; ${usualText(hourly)}${lasting === undefined ? ' at this time of day' : ''}`,
          ]),
    ...(over.length > 0 ? [`No request ${listed(over, '; ')}; ${now24}`] : []),
  ];
  if (texts.length > 0)
    yield finding(
      'SLUICE_FINDING_SILENT',
      `${texts.join('. ')}.`,
      [],
      lasting === undefined ? 'warning' : 'problem',
    );
}

/** A time, and how long ago it was. */
function agoText(at: string, now: number): string {
  const hours = (now - Date.parse(at)) / HOUR_MS;
  const age = hours < 48 ? `${hours.toFixed(1)} hours` : `${Math.round(hours / 24)} days`;
  return `${at}, ${age} ago`;
}

function usualText(usual: number | null): string {
  const known = usual === null ? null : Math.round(usual);
  return known === null
    ? 'how many are usual is not known'
    : `${counted(known, 'request')} an hour ${known === 1 ? 'is' : 'are'} usual`;
}

/** What was not as usual within the last 24 hours. */
function* judgeChanges(
  { lastDay, spikeFrom, curated, noted }: StatusFacts,
  { say, config }: Place,
): Findings {
  const texts = (...wanted: readonly Change['what'][]) =>
    (lastDay?.changes ?? [])
      .filter(({ what }) => wanted.includes(what))
      .map(({ what, hour, usual, first, last, day }) => {
        const noun = what === 'unknown_keys' || what === 'requests' ? 'requests' : 'events';
        return `${hour} ${noun} in the busiest hour, where ${Math.round(usual)} are usual, first in the 5 minutes from ${first}, last in those from ${last}; ${day} in 24 hours`;
      })
      .join('. ');
  const sender = spikeFrom === null ? '' : fromText(spikeFrom);
  const share = Math.round((spikeFrom?.share ?? 0) * 100);
  const from = sender === '' ? '' : `. About ${share} % came${sender}, by the log`;
  const spike = texts('requests', 'events');
  const found = [
    ['SLUICE_FINDING_SPIKE', spike && `${spike}${from}`, [say.sluice('tail')]],
    [
      'SLUICE_FINDING_KEYS_REFUSED',
      texts('unknown_keys'),
      [say.sluice('tail', '--errors'), say.sluice('keys', 'list')],
    ],
    ['SLUICE_FINDING_OVERFLOW', texts('overflowed'), [say.sluice('tail', '--errors')]],
  ] as const;
  for (const [code, text, commands] of found) if (text !== '') yield finding(code, `${text}.`, commands);
  const old = (noted?.before2000 ?? []).map((one) => `${counted(one.count, 'event')}${sentText(one)}`);
  if (old.length > 0)
    yield finding('SLUICE_FINDING_TIME_SECONDS', `${listed(old, '; ')}.`, [say.sluice('tail', '--errors')]);
  for (const { kind, table, resends } of curated ?? []) {
    const shareOf = (one: (typeof resends)[number]) => one.resends / (one.rows + one.resends);
    const usualOf = (one: (typeof resends)[number]) => {
      const others = resends.filter((other) => other !== one).map(shareOf);
      return others.sort((x, y) => x - y)[Math.floor((others.length - 1) / 2)] ?? 0;
    };
    const days = resends.filter((one) => {
      const share = shareOf(one);
      return share >= RESENT.much || (share >= RESENT.more && share >= RESENT.times * usualOf(one));
    });
    const [newest] = days;
    if (newest === undefined) continue;
    const texts = days.map(({ day, rows, resends: n }) => `${day} ${n} beside ${counted(rows, 'row')}`);
    const percent = Math.round(usualOf(newest) * 1_000) / 10;
    yield finding(
      'SLUICE_FINDING_RESENDS',
      `${table}: ${listed(texts)}, first ${days.at(-1)?.day}, last ${newest.day}; ${percent} % are usual.`,
      [say.sluice('query', resendsSql(config.tables[kind], newest.day))],
    );
  }
}

/** Who sent something, and when. */
function sentText(sent: SentGroup): string {
  return `${fromText(sent)}, first ${sent.first}, last ${sent.last}`;
}

/** ` from js-client 3.1 with the key web` */
function fromText({ sdk, key }: Pick<SentGroup, 'sdk' | 'key'>): string {
  const fromSdk = sdk === null ? '' : ` from ${sdk}`;
  const withKey = key === null ? '' : ` with the key ${key}`;
  return `${fromSdk}${withKey}`;
}

/** Who sent a day's events more than once. */
function resendsSql(table: string, day: string): string {
  return `SELECT sdk_type, sdk_version, count(*) - count(DISTINCT event_id) AS resends FROM ${table} WHERE ds = DATE '${day}' GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 10`;
}

/** Days that no query reads, and refused events. */
function* judgeRows(facts: StatusFacts, { config, say }: Place): Findings {
  const { partitions, quarantine, lostDays, curated, exports } = facts;
  for (const kind of forwardedKinds) {
    const kept = curated?.find((one) => one.kind === kind)?.kept ?? [];
    // Of a day whose rows a curated day keeps, that is the finding.
    const lost = (lostDays ?? []).filter(
      ({ table, day }) => table === kind && kept.every((one) => one.day !== day),
    );
    const days = lost.map(({ day, seenAt }) => {
      const until = versionsUntil(config, seenAt);
      return `${day}, files last seen at ${isoTimestamp(seenAt)}, versions until ${until}${copiesText(exports, config.tables[kind], day)}`;
    });
    if (lost.length > 0)
      yield finding(
        'SLUICE_FINDING_DAYS_LOST',
        `${config.tables[kind]}: ${listed(days, '; ')}.`,
        say
          .restore(
            config.tables[kind],
            lost.map(({ day }) => day),
          )
          .slice(0, MOST_COMMANDS),
      );
  }
  const gaps = tableKinds.flatMap((table) => {
    const days = (partitions?.gaps ?? []).flatMap((gap) => (gap.table === table ? [gap.day] : []));
    return days.length === 0 ? [] : [`${config.tables[table]}: ${listed(days)}`];
  });
  if (gaps.length > 0)
    yield finding(
      'SLUICE_FINDING_PARTITION_WRONG',
      `${failedAt(facts, 'register')} Missing: ${gaps.join('; ')}.`.trim(),
      [say.send('register', '{"sluice":"daily"}')],
    );
  const reasons = quarantine ?? [];
  const cured = reasons.filter(({ reason }) => isCuredByRedrive(reason)).slice(0, MOST_COMMANDS);
  const lost = reasons.filter(({ reason }) => !isCuredByRedrive(reason)).slice(0, MOST_COMMANDS);
  const cures = lost.map(({ reason }) => ` ${reason}: ${explainCode(reason).cure}`);
  if (reasons.length > 0) {
    const rows = listed(
      reasons.map(
        ({ reason, rows, newestAt }) => `${counted(rows, 'row')} with ${reason}, the last of ${newestAt}`,
      ),
      '; ',
    );
    yield finding(
      'SLUICE_FINDING_QUARANTINED',
      `${rows}.${cures.join('')}`,
      [
        say.sluice('quarantine'),
        ...cured.map(({ reason }) => say.sluice('redrive', '--reason', reason, '--dry-run')),
      ],
      // Refused events are ordinary; rows that their table did not take are not.
      reasons.some(({ reason }) => isRowFailure(reason)) ? 'problem' : 'warning',
    );
  }
}

/** Drops of customers. */
function* judgeDatasets({ datasets }: StatusFacts, { now, say }: Place): Findings {
  for (const one of datasets ?? []) {
    const { source, dataset, table, days, lacking, late, waiting, firstDay } = one;
    const of = `${source}/${dataset}`;
    const words = ['--source', source, '--dataset', dataset];
    const explain = (day: string) => say.sluice('ingest', 'explain', ...words, '--day', day);
    yield* judgeListing(one, now);
    const backfill = (day: string) => say.sluice('ingest', 'backfill', ...words, '--from', day, '--to', day);
    // Without a request, days before the lookback are not tried again.
    yield* failedDays('SLUICE_FINDING_INGEST_FAILED', of, days, (day) => [
      explain(day),
      ...(day < firstDay ? [backfill(day)] : []),
    ]);
    const keep = (from: string, to = from) =>
      say.sluice('ingest', 'accept', 'keep', ...words, '--from', from, ...(from === to ? [] : ['--to', to]));
    const missing = days.filter(({ missingSince }) => missingSince !== null).toReversed();
    if (missing.length > 0) {
      const names = missing.map(({ day, missingSince, uncommitted }) => {
        const more = uncommitted === 0 ? '' : `, with ${counted(uncommitted, 'file')} and no commit`;
        return `${day} since ${isoTimestamp(missingSince ?? now)}${more}`;
      });
      const ranges = dayRanges(missing.map(({ day }) => day)).slice(0, MOST_COMMANDS);
      const commands = ranges.flatMap(({ from, to }) => [explain(to), keep(from, to)]);
      yield finding('SLUICE_FINDING_INPUTS_MISSING', `${of}: ${listed(names, '; ')}.`, commands);
    }
    yield* lostFilesOf(say, { of, table }, lacking, (from, to) =>
      say.sluice('ingest', 'backfill', ...words, '--from', from, '--to', to),
    );
    const unusual = days.filter((day) => day.unusual !== null).toReversed();
    for (const { day, unusual: text } of unusual.slice(0, 1))
      yield finding('SLUICE_FINDING_ROWS_UNUSUAL', `${of}: ${day} ${text}${otherDays(unusual.length)}.`, [
        explain(day),
        keep(day),
      ]);
    const unready = waiting.filter(({ day, isLacking }) => isLacking || late.some((one) => one.day === day));
    if (unready.length > 0) {
      const texts = unready.toReversed().map(({ day, words: has }) => {
        const { due } = late.find((one) => one.day === day) ?? {};
        const expected = due === undefined ? '' : `, expected by ${isoTimestamp(due)}`;
        return `${day} ${has}${expected}`;
      });
      const commands = unready
        .slice(-MOST_COMMANDS)
        .toReversed()
        .flatMap(({ day, cure }) => {
          if (cure === 'run') return [say.sluice('ingest', 'run', ...words)];
          return [explain(day), ...(cure === 'backfill' ? [backfill(day)] : [])];
        });
      yield finding(
        'SLUICE_FINDING_INGEST_WAITING',
        `${of}: ${listed(texts, '; ')}.`,
        [...new Set(commands)],
        unready.some(({ day }) => day < firstDay || late.some((one) => one.day === day))
          ? 'problem'
          : 'warning',
      );
    }
    const absent = late.filter(({ day }) => unready.every((one) => one.day !== day));
    if (absent.length > 0) {
      const texts = absent.toReversed().map(({ day, due }) => `${day}, expected by ${isoTimestamp(due)}`);
      yield finding('SLUICE_FINDING_INGEST_LATE', `${of}: no file has come of ${listed(texts, '; ')}.`, [
        say.sluice('ingest', 'status', ...words, ...daysWords(absent[0]?.day, now)),
      ]);
    }
    const leftOut = days.filter((day) => day.leftOut.count > 0).toReversed();
    for (const { day, leftOut: left } of leftOut.slice(0, 1))
      yield finding(
        'SLUICE_FINDING_FILES_LEFT_OUT',
        `${of}: ${day} ${left.words}${otherDays(leftOut.length)}.`,
        [explain(day)],
      );
    const untold = days.filter(({ receipt }) => receipt !== null).toReversed();
    for (const { day, receipt } of untold.slice(0, 1))
      yield finding(
        'SLUICE_FINDING_RECEIPTS_FAILED',
        `${of}: ${day}: ${receipt?.code}, since ${isoTimestamp(receipt?.since ?? now)}${otherDays(untold.length)}.`,
        [backfill(day)],
      );
  }
}

function* judgeListing(one: DatasetDays, now: number): Findings {
  const { source, dataset, folder, schedule, lookbackDays, lastLook, unlooked } = one;
  const of = `${source}/${dataset}`;
  const late = (detail: string) => finding('SLUICE_FINDING_INGEST_LATE', `${of}: ${detail}`, [], 'warning');
  if (lastLook === null) {
    yield late(`never listed, ${schedule}.`);
    return;
  }
  const { at, failure, stopped, elsewhere } = lastLook;
  const listedAt = isoTimestamp(at);
  if (now - at > OLD_AFTER_MS[schedule]) yield late(`listed at ${listedAt}, ${schedule}.`);
  if (failure !== undefined)
    yield finding(
      'SLUICE_FINDING_SOURCE_UNREADABLE',
      `${of}, ${folder}, ${listedAt}: ${failure.code}: ${failure.message}`,
    );
  if (!stopped) return;
  const there = [...unlooked.slice(-1).map((day) => `files of ${day}`), ...(elsewhere?.others ?? [])];
  const instead = there.length === 0 ? '' : `, but ${there.join(', ')}`;
  yield late(`${folder} had no files for today and ${lookbackDays} days before${instead}, ${listedAt}.`);
}

/** Days that failed, the latest first. */
function* failedDays(
  code: FindingCode,
  of: string,
  days: readonly Pick<DropDay, 'day' | 'failure' | 'failing'>[],
  commands: (day: string) => readonly string[],
): Findings {
  const failed = days.filter(({ failing }) => failing !== null).toReversed();
  if (failed.length === 0) return;
  const names = failed.map(({ day, failure, failing }) => failingText(day, failure ?? 'failed', failing));
  const all = failed.slice(0, MOST_COMMANDS).flatMap(({ day }) => commands(day));
  yield finding(code, `${of}: ${listed(names, '; ')}.`, [...new Set(all)]);
}

function failingText(day: string, code: string, failing: Failing | null): string {
  const { since = 0, last = since } = failing ?? {};
  return `${day} ${code}, since ${isoTimestamp(since)}, last tried ${isoTimestamp(last)}`;
}

/** Exports and curated tables. */
function* judgeDays({ exports, curated, lostDays }: StatusFacts, { say, config, now }: Place): Findings {
  for (const { export: name, table: of, target, days, firstDay } of exports ?? []) {
    // The finding of its raw files names its copies, too. Whoever accepted that files are gone meant them as well.
    const kind = forwardedKinds.find((one) => config.tables[one] === of);
    const known = (curated ?? []).filter((one) => one.kind === kind);
    const found = [
      ...known.flatMap((one) => one.accepted),
      ...[...known.flatMap((one) => one.kept), ...(lostDays ?? []).filter(({ table }) => table === kind)].map(
        ({ day }) => day,
      ),
    ];
    const show = (day?: string) => say.sluice('export', 'status', '--export', name, ...daysWords(day, now));
    // Without a request, days before the lookback are not exported again.
    const run = (from: string, to: string) =>
      say.sluice('export', 'run', '--export', name, '--from', from, '--to', to);
    const oldest = days.find(({ failing }) => failing !== null)?.day;
    yield* failedDays('SLUICE_FINDING_EXPORT_FAILED', `${name}, ${target}`, days, (day) => [
      show(oldest),
      ...(day < firstDay ? [run(day, day)] : []),
    ]);
    const copies = days.filter(({ day, kept }) => kept > 0 && !found.includes(day));
    if (copies.length > 0) {
      const texts = copies.map(({ day, kept }) => `${day} ${counted(kept, 'file')}`);
      const old = dayRanges(copies.flatMap(({ day }) => (day < firstDay ? [day] : [])));
      yield finding('SLUICE_FINDING_EXPORT_KEPT', `${name}, ${target}: ${listed(texts)}.`, [
        show(copies[0]?.day),
        ...old.slice(0, MOST_COMMANDS).map(({ from, to }) => run(from, to)),
      ]);
    }
  }
  for (const { kind, table, failed, late, lacking, unplanned, leftOut, kept } of curated ?? []) {
    const run = say.sluice('curate', 'run', '--table', kind);
    yield* lostFilesOf(say, { of: table, table }, lacking, (from, to) =>
      say.sluice('curate', 'rebuild', '--table', kind, '--from', from, '--to', to),
    );
    const show = ['curate', 'status', '--table', kind];
    if (failed.length > 0) {
      const names = failed.map((one) => failingText(one.day, one.code, one));
      const all = [...show, ...daysWords(failed.at(-1)?.day, now)];
      yield finding('SLUICE_FINDING_CURATE_FAILED', `${table}: ${listed(names, '; ')}.`, [
        say.sluice(...all),
        run,
      ]);
    }
    if (late.length > 0)
      yield finding('SLUICE_FINDING_CURATE_LATE', `${table}, queued for a day: ${listed(late)}.`, [run]);
    const warned = (detail: string, command: string) =>
      finding('SLUICE_FINDING_CURATE_LATE', `${table}, ${detail}.`, [command], 'warning');
    if (unplanned.length > 0) yield warned(`never queued: ${listed(unplanned)}`, run);
    if (leftOut > 0) yield warned(`left out of views: ${counted(leftOut, 'day')}`, say.sluice(...show));
    if (kept.length === 0) continue;
    const days = kept.map((one) => {
      const seen = lostDays?.find(({ table: of, day }) => of === kind && day === one.day)?.seenAt;
      // It is noticed within a day.
      const until = versionsUntil(config, seen ?? Date.parse(one.since) - DAY_MS);
      return `${keptText(one, until, now)}${copiesText(exports, config.tables[kind], one.day)}`;
    });
    const back = kept.flatMap(({ day, isErased, gone, replaced }) =>
      isErased || gone.length + replaced.length === 0 ? [] : [day],
    );
    const accept = kept
      .slice(0, MOST_COMMANDS)
      .map(({ day }) => say.sluice('curate', 'accept', day, '--table', kind));
    yield finding('SLUICE_FINDING_CURATE_KEPT', `${table}: ${listed(days, '; ')}.`, [
      ...say.restore(config.tables[kind], back).slice(0, MOST_COMMANDS),
      ...accept,
    ]);
  }
}

/** Days whose version lacks files. @param again Makes days again. */
function* lostFilesOf(
  say: Place['say'],
  { of, table }: { readonly of: string; readonly table: string },
  lacking: readonly LackingDay[],
  again: (from: string, to: string) => string,
): Findings {
  if (lacking.length === 0) return;
  const texts = lacking.toReversed().map(({ day, since }) => `${day} since ${isoTimestamp(since)}`);
  const daysOf = (isOnly: boolean) => lacking.filter((one) => one.isOnly === isOnly).map(({ day }) => day);
  const ranges = dayRanges(daysOf(false));
  const commands = [...ranges.map(({ from, to }) => again(from, to)), ...say.restore(table, daysOf(true))];
  yield finding(
    'SLUICE_FINDING_FILES_LOST',
    `${of}: ${listed(texts, '; ')}.`,
    commands.slice(0, MOST_COMMANDS),
  );
}

/** The last day on which S3 has the versions of files that were last there at a time. */
function versionsUntil({ retention }: Judged['config'], lastThere: number): string {
  return addDays(utcDay(lastThere), retention.dataVersionDays);
}

/** Names the exports that keep copies of a day's files; empty if none does. */
function copiesText(exports: StatusFacts['exports'], of: string, day: string): string {
  return (exports ?? [])
    .filter(({ table }) => table === of)
    .map((one) => {
      const { kept = 0 } = one.days.find((other) => other.day === day) ?? {};
      return kept === 0 ? '' : `; the export ${one.export} keeps ${counted(kept, 'copy', 'copies')}`;
    })
    .join('');
}

/** What a curated day keeps of raw files that are gone. */
function keptText(
  { day, rows, since, gone, replaced, isErased }: KeptDay,
  until: string,
  now: number,
): string {
  const had = until < utcDay(now) ? 'had' : 'has';
  const back = isErased
    ? ', and an erasure has deleted versions of them'
    : `; S3 ${had} what was deleted until ${until} at least`;
  const files = [
    ...(gone.length === 0 ? [] : [`gone: ${listed(gone)}`]),
    ...(replaced.length === 0 ? [] : [`replaced: ${listed(replaced.map(({ name }) => name))}`]),
    ...(gone.length + replaced.length === 0 ? ['copied back, for the next night'] : []),
  ];
  return `${day}, ${counted(rows, 'row')} that no raw file has, noticed at ${since}, ${files.join(', ')}${back}`;
}

/** Copies of relay. */
function* judgeCopies({ relay }: StatusFacts, { now, stack, say }: Place): Findings {
  if (relay === null) return;
  const { waiting, refused } = relay;
  const copies = (count: number) => counted(count, 'copy', 'copies');
  if (refused.length > 0) {
    const reasons = refused.map((one) => `${one.reason}: ${copies(one.count)}, the oldest of ${one.oldest}`);
    yield finding('SLUICE_FINDING_RELAY_REFUSED', `${listed(reasons)}.`, [
      say.sluice('relay', 'status'),
      say.sluice('relay', 'redrive', '--dry-run'),
    ]);
  }
  if (waiting.oldest !== null && now - Date.parse(waiting.oldest) >= HOUR_MS)
    yield finding(
      'SLUICE_FINDING_RELAY_LATE',
      `${copies(waiting.count)}, the oldest since ${waiting.oldest}.`,
      [say.aws('logs', 'tail', `/aws/lambda/${partName(stack, 'relay')}`, '--since', '1h')],
    );
}

/** Alarms, faults, and what could not be read. */
function* judgeRest({ alarms, isLocal, faults, unknown }: StatusFacts, { say }: Place): Findings {
  const on = (alarms ?? []).filter(({ state }) => state === 'ALARM');
  if (on.length > 0)
    yield finding(
      'SLUICE_FINDING_ALARM',
      on
        .map(({ name, since, description }) => {
          const started = since === null ? '' : `, since ${since}`;
          return `${name}${started}: ${description}.`;
        })
        .join(' '),
      [
        say.aws(
          'cloudwatch',
          'describe-alarms',
          '--alarm-names',
          ...on.slice(0, MOST_NAMED).map(({ name }) => name),
        ),
      ],
    );
  const silent = (alarms ?? []).filter(({ notifies }) => !notifies);
  if (!isLocal && silent.length > 0)
    yield finding('SLUICE_FINDING_NO_TOPIC', `${silent.length} of ${alarms?.length ?? 0} alarms.`);
  if (faults > 0)
    yield finding('SLUICE_FINDING_FAULTS', `${counted(faults, 'fault')}.`, [say.control('DELETE', 'faults')]);
  for (const { part, why } of unknown) yield finding('SLUICE_FINDING_UNREADABLE', `${part}: ${why}`);
}

/** Says how many more days a finding is about than the one that it names. */
function otherDays(count: number): string {
  return count < 2 ? '' : `; and ${count - 1} other ${count === 2 ? 'day' : 'days'}`;
}

function sumOf(counts: readonly (readonly [string, number])[]): number {
  return counts.reduce((sum, [, count]) => sum + count, 0);
}

/** Names of things, the first of many. */
export function listed(names: readonly string[], between = ', '): string {
  const more = names.length - MOST_NAMED;
  const rest = more > 0 ? ` and ${more} more` : '';
  return `${names.slice(0, MOST_NAMED).join(between)}${rest}`;
}
