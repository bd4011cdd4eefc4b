import type { DropDay } from '../../../observe/facts/days/dropDays.ts';
import type { LastFailure } from '../../../observe/facts/flow/failures/lastFailure.ts';
import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';
import {
  answered,
  bucketFault,
  codedFailure,
  curatedWith,
  datasetFacts,
  deadLetters,
  deniedCalls,
  emptyDamaged,
  emptyListing,
  errorsOf,
  failedCodes,
  failedRequests,
  failing,
  failureOf,
  functionErrors,
  hoursAgo,
  idleStream,
  keptDay,
  landingWaits,
  logged,
  missingResource,
  msAgo,
  pointsElsewhere,
  refusedCopies,
  refusedRequests,
  relayRefused,
  relayWaits,
  ringing,
  silentSince,
  unreachedAt,
  unreadPart,
  waitingFacts,
  wellDay,
  wellFacts,
  wellHour,
  wellKey,
  wellKeys,
} from '../statusFacts.ts';
import { each } from './Case.ts';

const DENIED_ROLE = 'AccessDenied: User: arn:aws:sts::1:assumed-role/W/x';
const DENIED_PUT =
  's3:PutObject on resource: "arn:aws:s3:::acme/y" because no identity-based policy allows it';
const entryUnread = {
  ...wellKeys,
  fault: 'x',
  faultKind: 'entries',
  unreadable: ['mobile_1'],
  changedAt: hoursAgo(9),
} as const;
const ofKey = { ...failureOf('error', 'KMSDisabledException.', 2), isByKey: true };

/** The last night that judged the day before it, by that day. */
const missedFrom = (day: '2026-11-16' | '2026-11-18') => ({ day, at: `${day}T01:10:00.000Z` });

/** States of the better of two alone, and of both in any order. */
const inAnyOrder = <Item>(
  what: string,
  factsOf: (...items: readonly Item[]) => Partial<StatusFacts>,
  worse: Item,
  better: Item,
) => ({
  [`${what}: the better alone`]: factsOf(better),
  [`${what}: both`]: factsOf(worse, better),
  [`${what}: both, the better first`]: factsOf(better, worse),
});
const damagedEntry = {
  key: 'ledger/acme/orders/2026-11-19.json',
  writtenAt: hoursAgo(3),
  versionBefore: 'v1',
};
const ofLoads = {
  ...deadLetters,
  part: 'ingest-load' as const,
  queue: 'sluice-prod-ingest-load-dead-letters',
};
const waitingOn = (day: DropDay['day']) =>
  ({ day, words: 'has 2 files and no commit', isLacking: true, cure: 'explain' }) as const;

/** Other states with several of what usually is one, and those at a bound. Their findings are in findings.json. */
export const severalCases: Readonly<Record<string, Partial<StatusFacts>>> = {
  'alarms ring for one finding': {
    ...landingWaits(1, 2),
    deadLetters: [deadLetters],
    alarms: ringing('write-errors', 'write-dead-letters', 'write-queue', 'ingest-late'),
  },
  'an object of the ledger is damaged, and the message of its day is a dead letter': {
    damagedEntries: [damagedEntry],
    deadLetters: [{ ...ofLoads, messages: 1 }],
    failures: { [ofLoads.queue]: codedFailure('SLUICE_INGEST_LEDGER_INVALID', `${damagedEntry.key}.`, 1) },
  },
  'an object of the ledger is damaged, and more messages than its own are dead letters': {
    damagedEntries: [damagedEntry],
    deadLetters: [{ ...ofLoads, messages: 2 }],
    failures: { [ofLoads.queue]: codedFailure('SLUICE_INGEST_LEDGER_INVALID', `${damagedEntry.key}.`, 1) },
  },
  'an object of the ledger is damaged, and the message of another day is a dead letter': {
    damagedEntries: [damagedEntry],
    deadLetters: [{ ...ofLoads, messages: 1 }],
    failures: {
      [ofLoads.queue]: codedFailure('SLUICE_INGEST_LEDGER_INVALID', 'ledger/acme/x/2026-11-18.json.', 1),
    },
  },
  'settings of the bucket differ in two points': {
    bucketFaults: [
      bucketFault({
        name: 'lifecycle',
        why: 'Rows_1 are deleted.',
        points: ['rule_a differs', 'rule_b is gone'],
        isEarly: true,
      }),
    ],
  },
  'calls are denied of a role for two actions': {
    deniedCalls: [
      { ...deniedCalls, count: 2, hasMore: false, first: hoursAgo(3) },
      { ...deniedCalls, action: 's3:GetObject', count: 5, hasMore: false, first: hoursAgo(9) },
    ],
  },
  'functions fail, and have dead letters of the same and of another kind': {
    deadLetters: [
      { ...deadLetters, part: 'export', queue: 'q1' },
      { ...deadLetters, part: 'curate', queue: 'q2', messages: 1 },
    ],
    functionErrors: [
      { ...functionErrors, part: 'export' },
      { ...functionErrors, part: 'curate', first: hoursAgo(24), last: hoursAgo(24), isOver: true },
    ],
    failures: {
      export: failureOf('denied', 'AccessDenied: a_1'),
      q1: failureOf('throttled', 'Rate_1'),
      curate: codedFailure('SLUICE_X', 'x'),
      q2: codedFailure('SLUICE_X', 'y'),
    },
  },
  'a function failed by a key, and the key is off': {
    functionErrors: [functionErrors],
    failures: { 'curate-plan': { ...failureOf('error', 'KMS.DisabledException'), isByKey: true } },
    key: { ...wellKey, KeyState: 'Disabled' },
    keyFailedSince: hoursAgo(12),
    ...waitingFacts({ buffered: { count: 2, oldest: hoursAgo(1) } }),
  },
  'the collector failed in hours until exactly their end': {
    ...unreachedAt('5xx', 2, 3),
    functionErrors: [errorsOf('collect', 2.9, 1)],
  },
  'the writer failed when what waits came': {
    ...landingWaits(1, 2),
    writer: { messages: 449, perMinute: null, goneAt: null },
    functionErrors: [errorsOf('write', 3, 2)],
  },
  'the oldest record of the stream waits, where the stream could not be read': {
    stream: null,
    ...waitingFacts({ buffered: { count: 7, oldest: hoursAgo(25) } }),
  },
  'the alarm on late days rings, while datasets cannot be read': {
    datasets: null,
    alarms: ringing('ingest-late'),
  },
  'a view is gone': {
    stackFaults: [{ ...missingResource, what: 'view', name: 'product_events' }],
  },
  'parts cannot be read by the caller, of whom each answer has its own words': {
    unknown: (['credentials', 'expired', 'throttled', 'timedOut', 'catalogKey', 'missing'] as const).flatMap(
      (kind) => [
        unreadPart('the tables', kind, 'Request 1 failed.'),
        unreadPart('the alarms', kind, 'Request 2 failed.'),
      ],
    ),
  },
  'objects wait, of which the queue has messages of two thirds': {
    ...landingWaits(900, 1),
    writer: { messages: 600, perMinute: 60, goneAt: hoursAgo(-1.5) },
  },
  ...each(
    [
      { denial: 's3:PutObject, which is over', deniedCalls: [] },
      { denial: 's3:PutObject, and nobody has looked since', deniedCalls: null },
    ],
    ({ denial, deniedCalls: calls }) => [
      `objects wait whose writer was denied ${denial}`,
      {
        ...landingWaits(1, 2),
        failures: {
          write: failureOf('denied', `${DENIED_ROLE} is not authorized to perform: ${DENIED_PUT}`),
        },
        deniedCalls: calls,
      },
    ],
  ),
  'an object is damaged that surely holds no row': waitingFacts({
    damaged: { ...emptyDamaged, count: 1, oldest: hoursAgo(2), first: 'damaged/a', isWithoutRows: true },
  }),
  'an object waits, and its bucket tells of none': {
    ...landingWaits(1, 2),
    bucketFaults: [bucketFault({ name: 'events', points: ['EventBridgeConfiguration is not set'] })],
  },
  ...each(
    [
      { first: 1.9, last: 1 },
      { first: 9, last: 1 },
    ],
    ({ first, last }) => [
      `objects wait for 2 hours, and the writer failed from ${first} to ${last} hours ago`,
      { ...landingWaits(3, 2), functionErrors: [errorsOf('write', first, last)] },
    ],
  ),
  ...each(
    [
      { first: 4.9, last: 4.1 },
      { first: 4.9, last: 3 },
      { first: 7, last: 4.1 },
    ],
    ({ first, last }) => [
      `requests failed 5 hours ago, and the collector from ${first} to ${last} hours ago`,
      { ...unreachedAt('5xx', 5), functionErrors: [errorsOf('collect', first, last)] },
    ],
  ),
  'nobody takes from queues, of which two are of what is not deployed': {
    idleFunctions: [
      { part: 'export', messages: 0, schedule: 'daily', since: hoursAgo(30), hasRun: true },
      { part: 'ingest-plan', messages: 0, schedule: 'hourly', since: hoursAgo(3), hasRun: true },
      { part: 'write', messages: 3, schedule: null, since: hoursAgo(1) },
      { part: 'export', messages: 12, schedule: 'daily', since: hoursAgo(2) },
    ],
    undeployed: { settings: ['sources.acme: differs', 'exports: differs'], deployedAt: null },
  },
  ...each(
    [
      { state: 'and days were never queued', days: { unplanned: ['2026-11-18'] } },
      { state: 'and queued days wait', days: { late: ['2026-11-18'], lateSince: msAgo(29) } },
    ] as const,
    ({ state, days }) => [
      `no run of the curation begins, ${state}`,
      {
        idleFunctions: [{ part: 'curate', messages: 3, schedule: null, since: '2026-11-18T07:00:00.000Z' }],
        ...curatedWith(days),
      },
    ],
  ),
  'no run of the plan of curations begins, and days were never queued, or wait in the queue': {
    idleFunctions: [
      {
        part: 'curate-plan',
        messages: 0,
        schedule: 'daily',
        since: '2026-11-18T00:00:00.000Z',
        hasRun: true,
      },
    ],
    ...curatedWith({ unplanned: ['2026-11-17'], late: ['2026-11-16'], lateSince: msAgo(29) }),
  },
  'nobody takes the messages of the registrar, and a day has no partition': {
    idleFunctions: [{ part: 'register', messages: 2, schedule: 'hourly', since: hoursAgo(1) }],
    partitions: { days: 3, gaps: [{ table: 'events', day: '2026-11-20' }] },
  },
  ...each(
    [
      { state: 'fails', isOver: false },
      { state: 'runs again', isOver: true },
    ],
    ({ state, isOver }) => [
      `a day has no partition, and the registrar ${state}`,
      {
        partitions: { days: 3, gaps: [{ table: 'events', day: '2026-11-20' }] },
        ...failing('register', { isOver, waits: null }),
        failures: { register: codedFailure('SLUICE_REGISTER_X', 'it is none.') },
        alarms: ringing('register-errors'),
      },
    ],
  ),
  'the registrar fails, and a partition points elsewhere': {
    partitions: {
      days: 3,
      gaps: [{ table: 'events', day: '2026-11-20', ...pointsElsewhere('x', 5) }],
    },
    ...failing('register', { waits: null }),
  },
  'a day has no partition, and nobody knows of runs of the registrar': {
    partitions: { days: 3, gaps: [{ table: 'events', day: '2026-11-20' }] },
    functionErrors: null,
  },
  'nights have not judged, and nobody knows of their runs': {
    lastNight: missedFrom('2026-11-18'),
    functionErrors: null,
  },
  'copies wait for relay, and nobody knows of its runs': { ...relayWaits(5, 4), functionErrors: null },
  'objects wait that are not judged, and the writer fails and has dead letters': {
    undeployed: { settings: ['bucket: deployed b, configured acme'], deployedAt: null },
    ...landingWaits(3, 5),
    ...failing('write', { first: hoursAgo(4), last: hoursAgo(1) }),
    deadLetters: [deadLetters],
  },
  'the endpoint is not judged, and the collector fails': {
    undeployed: { settings: ['endpoint: deployed a, configured b'], deployedAt: null },
    ...unreachedAt('5xx', 5),
    functionErrors: [errorsOf('collect', 4.9, 4.1)],
  },
  'the reconciliation is not judged, and its runs fail': {
    undeployed: { settings: ['reconcile: deployed true, configured false'], deployedAt: null },
    lastNight: missedFrom('2026-11-18'),
    ...failing('reconcile'),
  },
  ...each(
    [
      { state: 'for a day, and no run has failed since', hours: 24.1 },
      { state: 'for less than a day', hours: 24 },
      { state: 'for a day, and nobody knows of runs', hours: 24.1, more: { functionErrors: null } },
      { state: 'for a day, and runs fail', hours: 24.1, more: failing('export') },
    ],
    ({ state, hours, more }) => [
      `dead letters of a denial lie there ${state}`,
      {
        deadLetters: [{ ...deadLetters, part: 'export', since: hoursAgo(hours) }],
        failures: { [deadLetters.queue]: failureOf('denied', 'AccessDenied: no.', hours) },
        ...more,
      },
    ],
  ),
  'dead letters of a denial lie there since nobody knows when': {
    deadLetters: [{ ...deadLetters, part: 'export', since: null }],
    failures: { [deadLetters.queue]: failureOf('denied', 'AccessDenied: no.', 30) },
  },
  'the list has no key since some hours, and requests are refused since then': {
    ...refusedRequests({ SLUICE_KEY_UNKNOWN: 20 }, 20),
    keys: { ...wellKeys, senders: [], changedAt: hoursAgo(3) },
    refusals: logged(answered('SLUICE_KEY_UNKNOWN', 20, { key: '9f86d081', first: hoursAgo(2.9) })),
  },
  'the list has no key since some hours, and requests are refused since then for another reason, too': {
    ...refusedRequests({ SLUICE_KEY_UNKNOWN: 20 }, 20),
    keys: { ...wellKeys, senders: [], changedAt: hoursAgo(3) },
    refusals: logged(
      answered('SLUICE_KEY_UNKNOWN', 20, { key: '9f86d081', first: hoursAgo(2.9) }),
      answered('SLUICE_BODY_NOT_JSON', 2, { first: hoursAgo(2.9) }),
    ),
  },
  ...each(['SlowDown', 'InternalError', 'InvalidObjectState'], (why) => [
    `the bucket deletes nothing, and answers ${why}`,
    waitingFacts({ undeleted: { ...emptyListing, count: 1, oldest: hoursAgo(2), why } }),
  ]),
  ...each(
    [
      { state: 'from an hour after the last one on', age: 1, hours: 2 },
      { state: 'from more than an hour after the last one on', age: 1, hours: 2.1 },
      { state: 'which is over', age: 2, hours: 1.9 },
    ],
    ({ state, age, hours }) => [
      `the collector gets no request, and the endpoint refuses all by itself, ${state}`,
      {
        ...unreachedAt('4xx', age),
        ...silentSince(hours, { usual: 60 }),
        alarms: ringing('events-silent', 'api-4xx'),
      },
    ],
  ),
  'a table differs, and a part asks for it that says it does not exist': {
    stackFaults: [{ ...missingResource, differs: ['column price is missing'], repair: [] }],
    unknown: [unreadPart('the tables', 'missing', 'EntityNotFoundException: events.')],
  },
  'objects wait, of half of which the queue has messages': {
    ...landingWaits(900, 1),
    writer: { messages: 450, perMinute: 60, goneAt: hoursAgo(-1) },
  },
  'a run used up its time, whose longest run before took half of it': {
    ...failing('export', { longestBefore: 150 }),
    failures: { export: failureOf('timedOut', 'Task timed out after 300 s.') },
  },
  'dead letters of a denial, of a function whose last run was not denied a call': {
    deadLetters: [{ ...deadLetters, part: 'export' }],
    failures: {
      [deadLetters.queue]: failureOf('denied', `${DENIED_ROLE} is not authorized to perform: ${DENIED_PUT}`),
    },
  },
  'the key is off, for which one request waits and a function fails, as early as either can be of it': {
    key: { ...wellKey, KeyState: 'Disabled' },
    // Metrics tell of failures to five minutes, and a file has requests of 15 minutes.
    keyFailedSince: hoursAgo(11.6 - 5 / 60),
    lastEventAt: hoursAgo(1.75),
    ...waitingFacts({ buffered: { count: 1, oldest: hoursAgo(2) } }),
    ...failing('export'),
    failures: { export: ofKey, landing: ofKey },
  },
  'two dead letters, of which the oldest is of a stranger': {
    deadLetters: [{ ...deadLetters, part: 'ingest-load' }],
    failures: { [deadLetters.queue]: codedFailure('SLUICE_INGEST_MESSAGE_INVALID', 'it is none.') },
  },
  ...each(
    [
      { kind: 'denied', code: 'S3.AccessDenied' },
      { kind: 'missing', code: 'S3.NoSuchBucket' },
      { kind: 'busy', code: 'S3.SlowDown' },
      { kind: 'awsFailed', code: 'S3.InternalError' },
      { kind: 'error', code: 'S3.AccountProblem' },
    ],
    ({ kind, code }) => [
      `Firehose fails with ${code}`,
      {
        ...waitingFacts({ buffered: { count: null, oldest: hoursAgo(9) } }),
        failures: { landing: { ...failureOf(kind as LastFailure['kind'], `${code}: no.`), code } },
      },
    ],
  ),
  'a function fails by the key of the Data Catalog': {
    ...failing('register'),
    failures: { register: failureOf('error', 'GlueEncryptionException: no.') },
  },
  ...each(
    [
      { what: 'an export used up its time, and took 12.3 s before', part: 'export', longest: 12.3 },
      { what: 'curation used up its time, and no run before is known', part: 'curate', longest: null },
      { what: 'curation used up its time, and took 451 s before', part: 'curate', longest: 451 },
    ],
    ({ what, part, longest }) => [
      what,
      {
        functionErrors: [{ ...functionErrors, part, longestBefore: longest }],
        failures: { [part]: failureOf('timedOut', 'Task timed out after 900 s.') },
      },
    ],
  ),
  'an object waits beside dead letters of a stranger': {
    ...landingWaits(1, 2),
    deadLetters: [deadLetters],
    failures: { [deadLetters.queue]: codedFailure('SLUICE_WRITE_MESSAGE_INVALID', 'it is none.') },
  },
  'dead letters of a key that is enabled again': {
    deadLetters: [{ ...deadLetters, part: 'export' }],
    failures: {
      [deadLetters.queue]: { ...failureOf('error', 'KMS.DisabledException: k is disabled.'), isByKey: true },
    },
    key: wellKey,
  },
  'a function fails beside dead letters of which nobody knows why': {
    ...failing('export'),
    deadLetters: [{ ...deadLetters, part: 'export' }],
  },
  'objects wait for twenty minutes': landingWaits(3, 0.33),
  'objects wait, and the code of the failure is of ours': {
    ...landingWaits(0, 2),
    failures: { write: codedFailure('SLUICE_WRITE_X', 'it is denied.') },
  },
  'Firehose throttled one record': { stream: { ...idleStream, throttledRecords: 1 } },
  'a table is gone, which a query says, and another that no query names': {
    stackFaults: [{ ...missingResource, name: 'sluice.statsig_forwarded_events' }],
    unknown: [
      unreadPart('the partitions', 'missing', 'Table statsig_forwarded_events not found.'),
      unreadPart('the exports', 'missing', 'Table old_statsig_forwarded_events not found.'),
    ],
  },
  'a table lacks a column, which a query says, and another of which no fault is known': {
    stackFaults: [
      {
        ...missingResource,
        name: 'statsig_forwarded_events',
        differs: ['column `event_name` is missing'],
        repair: [['glue', 'update-table']],
      },
    ],
    unknown: [
      unreadPart(
        'the content of events',
        'query',
        "COLUMN_NOT_FOUND: line 1:8: Column 'event_name' cannot be resolved",
      ),
      unreadPart('the tables', 'query', "COLUMN_NOT_FOUND: line 1:8: Column 'rule_id' cannot be resolved"),
    ],
  },
  'a column of two tables has another type, for which queries fail that name no column': {
    stackFaults: ['events', 'exposures', 'other'].map((table) => ({
      ...missingResource,
      what: table === 'other' ? 'view' : 'table',
      name: `statsig_forwarded_${table}`,
      differs: ['column `user_id` is double instead of string'],
      repair: [['glue', 'update-table']],
    })),
    unknown: [
      unreadPart(
        'the content of events',
        'query',
        'FUNCTION_NOT_FOUND: line 2:50: Unexpected parameters (double, varchar) for function regexp_matches',
      ),
      unreadPart('the metadata of events', 'query', 'TYPE_MISMATCH: line 1:8'),
      unreadPart('the tables', 'query', "TYPE_MISMATCH: line 1:8: '=' cannot be applied to double, varchar"),
      unreadPart('the exports', 'query', 'SYNTAX_ERROR: line 1:8'),
      // No query of this part reads either.
      unreadPart(
        'the erasures',
        'query',
        "TYPE_MISMATCH: line 1:8: '=' cannot be applied to double, varchar",
      ),
    ],
  },
  ...each(
    [
      { what: 'another setting', setting: 'exports: differs' },
      { what: 'its age', setting: 'retention.forwardedDays: deployed 30, configured 400' },
    ],
    ({ what, setting }) => [
      `a rule of the bucket deletes too early, and ${what} is not deployed`,
      {
        bucketFaults: [
          bucketFault({
            name: 'lifecycle',
            points: ['the rule sluice-events deletes objects of statsig/events/ after 30 days'],
            repair: [],
            isEarly: true,
          }),
        ],
        undeployed: { settings: [setting], deployedAt: null },
      },
    ],
  ),
  'no key may send to the local cloud': { isLocal: true, keys: { ...wellKeys, senders: [] } },
  '503 of keys a quarter of an hour ago, requests were stored since, and the log was not read': {
    lastHour: {
      ...wellHour,
      failedBy: { SLUICE_KEYS_UNAVAILABLE: 1 },
      failedAt: { SLUICE_KEYS_UNAVAILABLE: { first: hoursAgo(0.3), last: hoursAgo(0.2) } },
      lastStoredAt: hoursAgo(0.1),
    },
    unknown: [{ ...unreadPart('the log of collect', 'other', ''), log: 'collect' }],
  },
  '503 of unreadable entries of the keys until three hours ago, and the list still has one': {
    lastHour: { ...wellHour, lastStoredAt: hoursAgo(0.1) },
    lastDay: {
      ...wellDay,
      failedBy: failedCodes({ code: 'SLUICE_KEYS_INVALID', count: 16, first: 9, last: 3 }),
    },
    keys: entryUnread,
  },
  'the key is disabled, and functions fail by it': {
    ...failedRequests({ SLUICE_COLLECT_NOT_DELIVERED: 2 }),
    lastDay: {
      ...wellDay,
      failedBy: failedCodes({ code: 'SLUICE_COLLECT_NOT_DELIVERED', count: 2, first: 2, last: 1 }),
    },
    ...landingWaits(3, 2.2),
    lastEventAt: hoursAgo(2.3),
    alarms: ringing('overflow'),
    unknown: [{ ...unreadPart('the last event'), isByKey: true }],
    deadLetters: [{ ...deadLetters, part: 'relay', queue: 'q', messages: 1 }],
    failures: { q: ofKey, write: ofKey, collect: ofKey },
    keyFailedSince: hoursAgo(2),
    key: { ...wellKey, KeyState: 'Disabled' },
  },
  'the key is disabled, by which the last night and runs of several queues failed': {
    waiting: {
      ...wellFacts.waiting,
      landing: null,
      buffered: { count: 70, oldest: hoursAgo(14) },
    },
    lastNight: { day: '2026-11-18', at: hoursAgo(34) },
    deadLetters: [
      { ...deadLetters, part: 'register', queue: 'q1', messages: 24, since: hoursAgo(6) },
      { ...deadLetters, part: 'curate-plan', queue: 'q2', messages: 1_025, since: hoursAgo(7) },
      { ...deadLetters, part: 'curate', queue: 'q3', messages: 1, since: null },
      // It failed otherwise.
      { ...deadLetters, part: 'export', queue: 'q4', messages: 5 },
    ],
    functionErrors: [errorsOf('reconcile', 10.4, 9.4), errorsOf('erase', 3, 2)],
    failures: {
      reconcile: ofKey,
      erase: ofKey,
      landing: ofKey,
      q1: ofKey,
      q2: ofKey,
      q3: ofKey,
      q4: codedFailure('SLUICE_X', 'x'),
    },
    alarms: ringing('curate-plan-dead-letters', 'reconcile-errors', 'night-missing'),
    unknown: [{ ...unreadPart('the raw days'), isByKey: true }, unreadPart('the exports', 'throttled')],
    // Nights begin at 01:10, and the first call failed at 01:30.
    keyFailedSince: hoursAgo(10.5),
    key: { ...wellKey, KeyState: 'Disabled' },
  },
  ...each(
    [
      { what: 'nights were missing two days before it', more: { lastNight: missedFrom('2026-11-16') } },
      {
        what: 'the night failed otherwise',
        more: { failures: { reconcile: failureOf('timedOut', 'Task timed out.') } },
      },
      {
        what: 'calls failed for it from four hours after the night on',
        more: { keyFailedSince: hoursAgo(6.8) },
      },
    ],
    ({ what, more }): readonly [string, Partial<StatusFacts>] => [
      `the key is disabled, and ${what}`,
      {
        lastNight: missedFrom('2026-11-18'),
        ...failing('reconcile', { waits: null }),
        failures: { reconcile: ofKey },
        keyFailedSince: hoursAgo(10.5),
        key: { ...wellKey, KeyState: 'Disabled' },
        ...more,
      },
    ],
  ),
  ...each(
    [
      { what: 'is asymmetric', more: { KeySpec: 'RSA_2048' } },
      { what: 'is for signatures', more: { KeyUsage: 'SIGN_VERIFY' } },
      { what: 'is of several regions', more: { MultiRegion: true } },
      { what: 'is managed by AWS', more: { KeyManager: 'AWS' } },
      { what: 'waits for its material', more: { KeyState: 'PendingImport' } },
    ],
    ({ what, more }) => [`the key ${what}`, { key: { ...wellKey, ...more } as StatusFacts['key'] }],
  ),
  ...each(['403', '400', '415', '410', '404'], (reason) => [
    `copies were refused with ${reason}`,
    relayRefused(refusedCopies(reason)),
  ]),
  'no night was ever judged, and the stack was deployed after the last that was due': {
    lastNight: { day: '2026-11-12', at: null },
    deployedAt: hoursAgo(9),
  },
  'no night was ever judged, and the stack was deployed yesterday': {
    lastNight: { day: '2026-11-12', at: null },
    deployedAt: hoursAgo(30),
  },
  ...Object.fromEntries(
    [
      { log: 'collect', facts: unreachedAt('5xx', 1) },
      { log: 'curate-plan', facts: { functionErrors: [functionErrors] } },
      { log: 'write', facts: { deadLetters: [deadLetters] } },
      { log: 'landing', facts: waitingFacts({ buffered: { count: null, oldest: hoursAgo(12.5) } }) },
    ].flatMap(({ log, facts }) => [
      [`${log} fails, and its log has no error`, facts],
      [
        `${log} fails, and its log was not read`,
        { ...facts, unknown: [{ ...unreadPart(`the log of ${log}`), log }] },
      ],
    ]),
  ),
  ...inAnyOrder(
    'days whose raw files are gone',
    (...kept) => curatedWith({ kept }),
    { ...keptDay, isErased: true },
    { ...keptDay, day: '2026-11-13', gone: [] },
  ),
  ...inAnyOrder(
    'days that wait, before the lookback and on its first day',
    (...waiting) => datasetFacts({ waiting }),
    waitingOn('2026-11-16'),
    waitingOn('2026-11-17'),
  ),
  ...inAnyOrder('refused copies', relayRefused, refusedCopies('401'), refusedCopies('expired')),
};
