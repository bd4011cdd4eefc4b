import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { CurateError } from '../../lib/curate/CurateError.ts';
import { LoadError } from '../../lib/drops/load/LoadError.ts';
import { ReceiptError } from '../../lib/drops/load/sendReceipt.ts';
import { SourceError } from '../../lib/drops/SourceError.ts';
import { ExportError } from '../../lib/export/ExportError.ts';
import { LedgerError } from '../../lib/ledger/LedgerError.ts';
import { FileError } from '../../lib/parquet/FileError.ts';
import type { UnreadKind } from '../../observe/explainAwsError.ts';
import { GONE } from '../../observe/facts/flow/senders.ts';
import type { StackFault } from '../../observe/facts/stackFaults.ts';
import { NO_KEY, type StatusFacts } from '../../observe/facts/statusFacts.ts';
import type { Entry } from '../../observe/findings/catalogue/entry.ts';
import { type Finding, findingCatalogue } from '../../observe/findings/catalogue.ts';
import { judge } from '../../observe/findings/judge/judge.ts';
import { doctorFindings } from './doctor/doctorFindings.ts';
import { cases } from './judgeCases/cases.ts';
import {
  changedRequests,
  codedFailure,
  curatedTable,
  datasetFacts,
  deadLetters,
  emptyListing,
  failedDay,
  failedRequests,
  failureOf,
  functionErrors,
  HOUR_MS,
  hourOldLook,
  hoursAgo,
  judgedDeployment,
  keysFailure,
  loadedDay,
  NOW,
  namedExport,
  ongoingFailure,
  quarantineCount,
  refusedRequests,
  requestGroup,
  ringingAlarm,
  shortHour,
  waitingFacts,
  wellDay,
  wellFacts,
  wellHour,
} from './statusFacts.ts';

/** Findings about what a client sent, or somebody did: their neighbours name the resource that they are about. */
const OF_SENDERS = new Set(
  'NOT_STORED UNREACHED REFUSED SPIKE TIME_SECONDS CLOCK_OFF RESENDS QUARANTINED FILES_LOST DAYS_LOST TABLE_DIFFERS DRIFT KEYS_UNREADABLE'
    .split(' ')
    .map((name) => `SLUICE_FINDING_${name}`),
);
/** Findings that count what came within 24 hours. */
const COUNTED = new Set(
  Object.entries<Entry>(findingCatalogue).flatMap(([code, { ofDay }]) => (ofDay === 'counted' ? [code] : [])),
);
const SAYS_WHO =
  /\bfrom [a-z]+[-\w]* \d|with the key|Who sent them|does not say who|CloudTrail|neither client nor key|SLUICE_FINDING_ARCHIVING|Another release of Sluice has deployed/;

/** The buckets that a command of AWS names. */
function bucketsOf(command: string): readonly string[] {
  const named = /s3:\/\/([^/\s']+)|--bucket ([^\s']+)|--copy-source '?([^/\s']+)/g;
  return [...command.matchAll(named)].flatMap((found) => found.slice(1).filter(Boolean));
}

/** What in a title, a cause or a cure is against the rule: a title is one sentence of fact, with since when and how many. */
function ruleFaults({ code, title, since, cause, cure, detail, commands }: Finding): readonly string[] {
  const withoutTimes = title.replaceAll(/\d{4}-\d\d-\d\d(T[\d:.]+Z)?|seen now/g, '');
  const rules = {
    'is a sentence': /^[\w\d].*\.$/.test(title) && !title.includes('. '),
    'has no backtick': !title.includes('`'),
    'is no list of what it could be': !/\bor\b|\bmost likely\b|\bmay\b(?! send)/.test(title),
    'says since when, or that it is seen now':
      since === null ? title.endsWith('seen now.') : title.includes(since),
    'says how many': /\d|\b([Nn]o|All|all|[Tt]he|was|is)\b/.test(withoutTimes),
    'says how far back it counts': !COUNTED.has(code) || title.includes('in the last 24 hours'),
    'is short': title.length <= 260,
    'has one cause': cause !== '',
    'has one cure': cure !== '' && !/\belse\b|\botherwise\b/i.test(cure),
    'says that since when is not recorded, of a look that AWS does not answer':
      code !== 'SLUICE_FINDING_UNREADABLE' ||
      !/AWS (throttles|denies|did not answer)/.test(title) ||
      cause.includes('Since when is not recorded.'),
    'has commands of AWS on buckets of the deployment alone, as its readers may use no other': commands
      .concat(cure.split('`'))
      .filter((text) => text.startsWith('aws '))
      .every((text) => bucketsOf(text).every((bucket) => bucket === 'acme')),
    'says who, or why that is not known':
      !OF_SENDERS.has(code) || SAYS_WHO.test(`${title} ${detail} ${cause}`),
    'leaves nothing to fill into a command but a label': !cure
      .split('`')
      .some((text, i) => i % 2 === 1 && / (?!LABEL\b)[A-Z]{3,}\b/.test(text)),
    'names nothing undefined': !/undefined|(?<!got |read )null\b|NaN|\[object/.test(
      `${title} ${detail} ${cause} ${cure}`,
    ),
  };
  return Object.entries(rules).flatMap(([rule, holds]) => (holds ? [] : [`${rule}: ${title}`]));
}

const REGION = 'eu-central-1';
const fault: StackFault = {
  what: 'table',
  name: 'sluice.events',
  part: 'the tables of the catalog',
  differs: null,
  repair: [['glue', 'create-table']],
  isDeployed: true,
  deployedAt: hoursAgo(99),
  changedAt: null,
  isOtherRelease: false,
};
const differing = { differs: ['column `a` is missing', 'column `b` is not ours'], changedAt: hoursAgo(3) };
const stackFaults = (...faults: readonly Partial<StackFault>[]) => ({
  stackFaults: faults.map((members) => ({ ...fault, ...members })),
});
const unread = (...kinds: readonly UnreadKind[]) => ({
  unknown: kinds.map((kind) => ({
    part: 'the tables',
    why: 'Rate exceeded',
    kind,
    log: null,
    isByKey: false,
  })),
});
const key = {
  Arn: 'k',
  KeyState: 'Enabled',
  KeySpec: 'SYMMETRIC_DEFAULT',
  KeyUsage: 'ENCRYPT_DECRYPT',
} as const;
const noKeys = {
  senders: [],
  labels: {},
  fault: 'It is not JSON.',
  faultKind: null,
  unreadable: [],
  changedAt: hoursAgo(3),
} as const;
const LOST_DAY = '2026-11-19';
const lost = (isOnly: boolean) => ({ day: LOST_DAY, since: NOW - 2 * HOUR_MS, isOnly });
/** A failure of a key that was off, and that key, which is on again. */
const keyOff = { ...failureOf('error', 'KMS.DisabledException: it is disabled.'), isByKey: true };
const keyOn = { KeyState: 'Enabled', KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT' } as const;
const late = waitingFacts({ landing: { ...emptyListing, count: 3, oldest: hoursAgo(2) } });
const hourOf = (kind: '4xx' | '5xx') => [{ hour: hoursAgo(1), kind, count: 20, of: 60 }];
const waits = (cure: 'backfill' | 'load', day: string) =>
  datasetFacts({
    waiting: [
      { day, words: 'has 1 file and no _SUCCESS since X', since: NOW - HOUR_MS, isLacking: true, cure },
    ],
  });

/** The state in which the log of a part could not be read. */
const unreadLog = (log: string) => ({
  unknown: [{ part: `the log of ${log}`, why: 'Denied.', kind: 'denied', log, isByKey: false } as const],
});

const damagedEntry = (folder: string) => {
  const key = `ledger/${folder}/2026-11-18.json`;
  return { damagedEntries: [{ key, writtenAt: hoursAgo(3), versionBefore: null }] };
};
const VERSION = '20261119T081500123Z-1f6c09ab';
const PUT_DENIED =
  'AccessDenied: User: arn:aws:sts::1:assumed-role/R/x is not authorized to perform: s3:PutObject on resource: "x" because no identity-based policy allows the s3:PutObject action';
const throttled = failureOf('throttled', 'Lambda throttled 6 invocations.');
/** What a function can fail with, one of each kind. */
const FAILURES = [
  throttled,
  failureOf('timedOut', 'Task timed out after 10 s.'),
  failureOf('processEnded', 'Runtime.ExitError: its process ended.'),
  failureOf('denied', 'AccessDenied: it is denied.'),
  failureOf('missing', 'EntityNotFoundException: Database sluice not found.'),
  failureOf('busy', 'SlowDown: Please reduce your request rate.'),
  failureOf('awsFailed', 'InternalFailure: An internal error has occurred.'),
  codedFailure('SLUICE_LAMBDA_ENVIRONMENT_INVALID', 'it is not set.'),
  failureOf('error', 'TypeError: it is no function.'),
];

/** States of cases that {@link cases} leaves out. */
const more: readonly Partial<StatusFacts>[] = [
  {
    isLocal: true,
    undeployed: {
      settings: ['holdouts: deployed none, configured a', 'curateAfter: deployed 2, configured 3'],
      deployedAt: null,
    },
  },
  stackFaults({}, { what: 'workgroup' }, { isDeployed: false }, { what: 'identity of a reader', repair: [] }),
  stackFaults({
    what: 'secret of a reader',
    keptUntil: hoursAgo(-300),
    repair: [['secretsmanager', 'restore-secret']],
  }),
  stackFaults(
    differing,
    { ...differing, what: 'view' },
    { ...differing, repair: [] },
    { ...differing, isOtherRelease: true },
  ),
  stackFaults({ ...differing, what: 'workgroup', changedAt: null }),
  stackFaults({ ...differing, what: 'workgroup', changedAt: null, isOtherRelease: true }),
  unread('credentials', 'expired', 'throttled', 'missing', 'timedOut', 'query', 'other'),
  { key: { ...key, KeyState: 'Disabled' } },
  { key: { ...key, KeySpec: 'RSA_2048' } },
  { key: { ...key, KeyState: 'PendingImport' } },
  {
    receivedHours: [shortHour],
    restorable: ['landing/2026/11/20/07/', 'landing/direct/2026-11-20/'].map((table) => {
      return { table, day: '2026-11-20', files: 0 };
    }),
  },
  { receivedHours: [shortHour], undeliveredHours: [Date.parse('2026-11-20T07:00:00Z')] },
  { lastNight: { day: '2026-11-17', at: hoursAgo(58) } },
  { partitions: { days: 3, gaps: [{ table: 'events', day: '2026-11-20' }] } },
  datasetFacts({ unread: [{ day: '2026-11-19', location: 's3://acme/x/', rows: 40 }] }),
  {
    functionErrors: [functionErrors],
    failures: { 'curate-plan': codedFailure('SLUICE_X', 'it is denied.') },
  },
  { functionErrors: [functionErrors] },
  datasetFacts({ late: [{ day: '2026-11-01', due: NOW - 400 * HOUR_MS }] }),
  datasetFacts({ late: [{ day: '2026-11-01', due: NOW - 400 * HOUR_MS, empty: '1 file, 0 rows' }] }),
  waits('backfill', '2026-11-19'),
  waits('load', '2026-11-02'),
  { ...late, failures: { write: codedFailure('SLUICE_X', 'it is denied.') } },
  { ...late, failures: { write: throttled } },
  { ...late, failures: { write: failureOf('denied', 'AccessDenied.') } },
  { ...late, failures: { write: failureOf('denied', PUT_DENIED) } },
  { functionErrors: [functionErrors], failures: { 'curate-plan': failureOf('denied', PUT_DENIED) } },
  { unreached: hourOf('5xx'), failures: { collect: failureOf('denied', PUT_DENIED) } },
  {
    deadLetters: [deadLetters],
    failures: {
      [deadLetters.queue]: failureOf('denied', PUT_DENIED),
      [deadLetters.part]: failureOf('denied', PUT_DENIED),
    },
  },
  datasetFacts({
    late: [{ day: '2026-11-20', due: NOW - 2 * HOUR_MS }],
    lastLook: { ...hourOldLook, elsewhere: { days: [], others: ['v2/'] } },
  }),
  { ...failedRequests({ SLUICE_KEYS_INVALID: 7 }), keys: { ...noKeys, faultKind: 'invalid' } },
  {
    ...failedRequests({ SLUICE_KEYS_INVALID: 7 }),
    keys: { ...noKeys, faultKind: 'entries', unreadable: ['a'] },
  },
  { functionErrors: [functionErrors], failures: { 'curate-plan': failureOf('denied', 'AccessDenied.') } },
  { unreached: hourOf('5xx'), failures: { collect: failureOf('denied', 'AccessDenied.') } },
  { ...late, deadLetters: [deadLetters] },
  {
    deadLetters: [deadLetters],
    failures: { [deadLetters.queue]: codedFailure('SLUICE_X', 'it is denied.') },
  },
  { deadLetters: [deadLetters], failures: { [deadLetters.queue]: throttled } },
  {
    deadLetters: [{ ...deadLetters, part: 'export' }],
    failures: { [deadLetters.queue]: codedFailure('SLUICE_EXPORT_MESSAGE_INVALID', 'it is none.') },
  },
  {
    functionErrors: [{ ...functionErrors, errors: 0, throttled: 6 }],
    failures: { 'curate-plan': throttled },
  },
  waitingFacts({ buffered: { count: null, oldest: hoursAgo(12.5) } }),
  { ...waitingFacts({ buffered: { count: null, oldest: hoursAgo(12.5) } }), ...unreadLog('landing') },
  { ...unreadLog('collect'), unreached: hourOf('5xx') },
  { ...unreadLog('curate-plan'), functionErrors: [functionErrors] },
  { ...unreadLog(deadLetters.part), deadLetters: [deadLetters] },
  { ...waitingFacts({ buffered: { count: 1, oldest: hoursAgo(12.5) } }), isLocal: true },
  { lastHour: null, ...failedRequests({ SLUICE_COLLECT_NOT_DELIVERED: 7 }) },
  {
    ...failedRequests({ SLUICE_KEYS_UNAVAILABLE: 7 }),
    unstored: {
      groups: [
        { ...requestGroup, code: 'SLUICE_KEYS_UNAVAILABLE', sdk: 'js-client 3.1', key: 'web', count: 5 },
      ],
      hasMore: false,
    },
  },
  ...['SLUICE_INGEST_FILE_X', 'SLUICE_SOURCE_KEY_DENIED'].map((failure) =>
    datasetFacts({ days: [{ ...failedDay, failure }] }),
  ),
  datasetFacts({ days: [{ ...failedDay, failing: { ...ongoingFailure, replaced: NOW } }] }),
  ...Object.entries({
    ...FileError.entries,
    ...SourceError.entries,
    ...LoadError.entries,
    ...LedgerError.entries,
  }).map(([failure, { cause }]) =>
    datasetFacts({ days: [{ ...failedDay, failure, failureMessage: cause }] }),
  ),
  ...Object.keys(ExportError.entries).map((failure) => ({
    exports: [{ ...namedExport, days: [{ ...failedDay, failure }] }],
  })),
  {
    exports: [{ ...namedExport, days: [{ ...failedDay, failure: 'SLUICE_EXPORT_ACCESS_DENIED' }] }],
    encryptionDemands: [
      { export: 'out', sid: 'Encrypted', header: 'x-amz-server-side-encryption', wanted: 'AES256' },
    ],
  },
  ...['SLUICE_CURATE_X', ...Object.keys(CurateError.entries)].map((code) => ({
    curated: [{ ...curatedTable, failed: [{ day: '2026-11-17', code, message: null, ...ongoingFailure }] }],
  })),
  ...['SLUICE_RECEIPT_X', ...Object.keys(ReceiptError.entries)].map((code) =>
    datasetFacts({ days: [{ ...loadedDay, receipt: { code, since: NOW - 5 * HOUR_MS } }] }),
  ),
  ...(
    [
      'equalFiles',
      'rows',
      'values',
      'toCome',
      'days',
      'copies',
      'repeats',
      'names',
      'zeros',
      'missing',
    ] as const
  ).map((kind) =>
    datasetFacts({
      days: [
        { ...loadedDay, version: VERSION, unusual: 'differs', unusualParts: [{ kind, short: 'differs' }] },
      ],
    }),
  ),
  datasetFacts({
    lastLook: { ...hourOldLook, failure: { code: 'SLUICE_SOURCE_BUCKET_MISSING', message: 'X.' } },
  }),
  datasetFacts({ lacking: [lost(true)] }),
  {
    ...datasetFacts({ lacking: [lost(true)] }),
    restorable: [{ table: 'acme_orders', day: LOST_DAY, files: 0 }],
  },
  ...[false, true].map((isOnly) => ({
    ...datasetFacts({ lacking: [lost(isOnly)] }),
    archivedDays: {
      days: [{ table: 'acme_orders', day: LOST_DAY, since: NOW - HOUR_MS, keys: ['x'] }],
      unlookedUntil: null,
    },
  })),
  failedRequests({ SLUICE_COLLECT_BODY_MANGLED: 7 }),
  ...[
    {},
    {
      unstored: {
        groups: [
          { ...requestGroup, code: 'SLUICE_COLLECT_NOT_DELIVERED', count: 7, storedAt: hoursAgo(0.1) },
        ],
        hasMore: false,
      },
    },
  ].map((stored) => ({
    ...failedRequests({}),
    ...stored,
    lastDay: {
      ...wellDay,
      failed: 7,
      failedBy: { SLUICE_COLLECT_NOT_DELIVERED: { count: 7, first: hoursAgo(9), last: hoursAgo(8) } },
    },
  })),
  { unreached: hourOf('4xx') },
  { unreached: hourOf('5xx') },
  { unreached: hourOf('5xx'), failures: { collect: failureOf('timedOut', 'Task timed out after 10 s.') } },
  {
    unreached: hourOf('5xx'),
    failures: { collect: failureOf('processEnded', 'Runtime.ExitError: its process ended.') },
  },
  { unreached: hourOf('5xx'), failures: { collect: codedFailure('SLUICE_X', 'it is denied.') } },
  {
    unreached: hourOf('5xx'),
    failures: { collect: throttled },
  },
  { keys: { ...noKeys, faultKind: 'deleted' } },
  { keys: { ...noKeys, faultKind: 'entries', unreadable: ['mobile', 'keys.3'] } },
  { keys: { ...noKeys, fault: GONE, faultKind: 'gone' } },
  { keys: { ...noKeys, fault: GONE, faultKind: 'gone' }, isLocal: true },
  { quarantine: [quarantineCount, { ...quarantineCount, reason: 'SLUICE_EVENT_KIND_NOT_ALLOWED' }] },
  { quarantine: [{ ...quarantineCount, reason: 'SLUICE_EVENT_KIND_NOT_ALLOWED' }] },
  { quarantine: [{ ...quarantineCount, reason: 'SLUICE_INGEST_ROW_TIME_MISSING' }] },
  { faults: 1 },
  damagedEntry('exports/out'),
  damagedEntry('curated/events'),
  {
    lastHour: { ...wellFacts.lastHour, ...failedRequests({}).lastHour, lastStoredAt: hoursAgo(0.1) },
    lastDay: {
      ...wellDay,
      failedBy: { SLUICE_KEYS_UNAVAILABLE: { count: 7, first: hoursAgo(9), last: hoursAgo(8) } },
    },
  } as Partial<StatusFacts>,
  ...['expired', '413', '410'].map((reason) => ({
    relay: {
      waiting: { count: 0, oldest: null },
      refused: [{ reason, count: 2, since: hoursAgo(20), oldest: hoursAgo(200) }],
      hasMore: reason === '410',
    },
  })),
  ...[
    { relayAnswer: { why: '503', copies: 2, at: hoursAgo(0.1) } },
    { relayAnswer: { why: '301', copies: 2, at: hoursAgo(0.1) } },
    { relayAnswer: { why: 'ECONNREFUSED', copies: 2, at: hoursAgo(0.1) } },
    { functionErrors: [{ ...functionErrors, part: 'relay' }] },
    unreadLog('relay'),
  ].map((answered) => ({
    relay: { waiting: { count: 4, oldest: hoursAgo(5) }, refused: [], hasMore: false },
    ...answered,
  })),
  ...['QueueDoesNotExist', 'ServiceUnavailable', 'TimeoutError', null].map((unkeptError) => ({
    unkept: { count: 1, first: hoursAgo(9), last: hoursAgo(8) },
    unkeptError,
  })),
  ...FAILURES.flatMap((failure) => [
    { ...late, failures: { write: failure } },
    { functionErrors: [functionErrors], failures: { 'curate-plan': failure } },
    { unreached: hourOf('5xx'), failures: { collect: failure } },
    { deadLetters: [deadLetters], failures: { [deadLetters.queue]: failure } },
  ]),
  ...[
    { ...late, failures: { write: keyOff } },
    { functionErrors: [functionErrors], failures: { 'curate-plan': keyOff } },
    { unreached: hourOf('5xx'), failures: { collect: keyOff } },
    { deadLetters: [deadLetters], failures: { [deadLetters.queue]: keyOff } },
  ].map((facts) => ({ ...facts, key: keyOn })),
  ...(['denied', 'missing', 'busy', 'awsFailed'] as const).map((kind) => ({
    ...waitingFacts({ buffered: { count: null, oldest: hoursAgo(9) } }),
    failures: { landing: { ...failureOf(kind, 'S3.InternalError: again.'), code: 'S3.InternalError' } },
  })),
  {
    ...refusedRequests({ SLUICE_KEY_UNKNOWN: 3 }),
    refusals: {
      groups: [{ ...requestGroup, code: 'SLUICE_KEY_UNKNOWN', sdk: 'js-client 3', count: 3 }],
      hasMore: false,
    },
    keys: null,
  },
  { ...late, ...unreadLog('write') },
  {
    deadLetters: [deadLetters],
    failures: { [deadLetters.queue]: throttled },
    functionErrors: [{ ...functionErrors, part: deadLetters.part, isOver: true }],
  },
  ...[
    'AccessDeniedException',
    'ResourceNotFoundException',
    'ServiceUnavailableException',
    'TimeoutError',
  ].map((overflowError) => ({ ...changedRequests({ what: 'overflowed' }), overflowError })),
  { ...changedRequests({ what: 'overflowed' }), ...unreadLog('collect') },
  { ...changedRequests({ what: 'overflowed' }), lastHour: wellHour },
  { keysFailure: keysFailure('busy', 'ThrottlingException') },
  { keysFailure: keysFailure('error', 'TimeoutError') },
  { keysFailure: keysFailure('awsFailed', 'InternalServiceError') },
  { key: { KeyState: NO_KEY, Arn: 'k' } },
  { idleFunctions: [{ part: 'export', messages: 3, schedule: 'daily', since: hoursAgo(30) }] },
  ...[true, false].map((isLocal) => ({
    isLocal,
    idleFunctions: [{ part: 'export', messages: 0, schedule: 'daily' as const, since: hoursAgo(30) }],
  })),
  ...[[], [deadLetters]].map((letters) => ({
    ...datasetFacts({ lastLook: null }),
    deployedAt: hoursAgo(60),
    deadLetters: letters.map((letter) => ({ ...letter, part: 'ingest-plan' as const })),
  })),
];

const withTopic = {
  ...judgedDeployment,
  config: defineConfig({ bucket: 'acme', alarms: { topicArn: `arn:aws:sns:${REGION}:111122223333:a` } }),
};
const silent = { alarms: [{ ...ringingAlarm, state: 'OK', notifies: false }] } as const;
const found: readonly Finding[] = [
  ...[...cases.map(([, facts]) => facts), ...more].flatMap((facts) =>
    judge({ ...wellFacts, ...facts }, judgedDeployment, REGION),
  ),
  ...judge({ ...wellFacts, ...silent }, withTopic, REGION),
  ...doctorFindings,
];

describe('every finding', () => {
  it.each(found.map((one) => [one.title, one] as const))('is by the rule: %s', (_, one) => {
    expect(ruleFaults(one)).toEqual([]);
  });

  it('is here in each of its cases', () => {
    // The cause of a code of ours stands before that of the case.
    const isSeen = (code: string, cause: string) =>
      found.some((one) => one.code === code && one.cause.endsWith(cause));
    const missing = Object.entries(findingCatalogue).flatMap(([code, entry]) =>
      Object.entries<Finding>(Object(entry.cases)).flatMap(([name, { cause }]) =>
        isSeen(code, cause) ? [] : [`${code.slice(15)} ${name}`],
      ),
    );
    expect(missing).toEqual([]);
  });

  it('says who did it, or where that is written, wherever it says that somebody did', () => {
    const did = Object.entries(findingCatalogue).flatMap(([code, { cases: all }]) =>
      Object.entries<Finding>(Object(all)).flatMap(([name, { cause }]) =>
        /\bsomebody(?! else)\b/i.test(cause) ? [[`${code} ${name}`, cause] as const] : [],
      ),
    );
    expect(did.length).toBeGreaterThan(30);
    expect(did.flatMap(([name, cause]) => (SAYS_WHO.test(cause) ? [] : [name]))).toEqual([]);
  });

  it('has in each case, also of the doctor, one cause and one cure that hold no other case', () => {
    for (const [code, { cases: all }] of Object.entries(findingCatalogue))
      for (const [name, { cause, cure }] of Object.entries<Finding>(Object(all)))
        expect({
          code,
          name,
          lacksCause: cause === '',
          lacksCure: cure === '',
          hasAlternative: /\belse\b|\botherwise\b/i.test(cure),
        }).toEqual({ code, name, lacksCause: false, lacksCure: false, hasAlternative: false });
  });
});
