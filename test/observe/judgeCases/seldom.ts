import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';
import {
  answered,
  changedRequests,
  codedFailure,
  datasetFacts,
  deadLetters,
  deniedCalls,
  emptyListing,
  errorsOf,
  failedCodes,
  failedDay,
  failedRequests,
  failing,
  failureOf,
  functionErrors,
  HOUR_MS,
  hourOldLook,
  hoursAgo,
  keysFailure,
  landingWaits,
  lateDay,
  loadedDay,
  loadedOn,
  logged,
  looked,
  missingResource,
  msAgo,
  NOW,
  notedTimes,
  ongoingFailure,
  refusedCopies,
  refusedRequests,
  relayRefused,
  relayWaits,
  requestGroup,
  ringing,
  ringingAlarm,
  shortHour,
  unreachedAt,
  unreachedHour,
  unreadPart,
  waitingFacts,
  wellDay,
  wellHour,
  wellKey,
  wellKeys,
} from '../statusFacts.ts';
import { each } from './Case.ts';

const NOT_STORED = 'SLUICE_COLLECT_NOT_STORED';
const refusedApp = (count: number, first: number, last: number) => ({
  ...refusedRequests({ SLUICE_KEY_MISSING: count }, 400),
  refusals: logged(
    answered('SLUICE_KEY_MISSING', count, {
      sdk: 'ios-client 2',
      first: hoursAgo(first),
      last: hoursAgo(last),
    }),
  ),
});
const undeleted = waitingFacts({
  undeleted: { ...emptyListing, count: 1, oldest: hoursAgo(30), why: 'AccessDenied' },
});
/** A statement of the bucket that denies relay to delete. */
const relayDenied = {
  ...deniedCalls,
  part: 'relay',
  role: 'arn:aws:iam::1:role/sluice-prod-RelayRole-1',
  action: 's3:DeleteObject',
  by: 'bucket',
  first: hoursAgo(8),
  statements: { owner: 'acme', sids: ['Keep'] },
  repair: ['s3api', 'x'],
} as const;
const keysGone = { ...wellKeys, senders: [], fault: 'It does not exist.', faultKind: 'gone' } as const;
const lateRelay = (answer: string | null): Partial<StatusFacts> => ({
  ...relayWaits(2),
  relayAnswer:
    answer === null ? null : { from: 'target', why: answer, copies: 2, at: hoursAgo(0.5), takenAt: null },
});
const waitingDay = {
  day: '2026-11-19',
  words: 'has 2 files and no commit',
  isLacking: true,
  cure: 'explain',
} as const;
const ofExports = { ...deadLetters, part: 'export' as const, queue: 'sluice-prod-export-dead-letters' };
const DENIAL =
  'User: arn:aws:sts::1:assumed-role/sluice-prod-WriteRole-1/w is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::acme/x"';

/** States with parts that are seldom so, by what is seldom in them. Their findings are in findings.json. */
export const seldomCases: Readonly<Record<string, Partial<StatusFacts>>> = {
  '503 of two codes, of which the fewer are open': {
    lastHour: {
      ...wellHour,
      failedBy: { SLUICE_COLLECT_NOT_RELAYED: 2 },
      failedAt: { SLUICE_COLLECT_NOT_RELAYED: { first: hoursAgo(0.8), last: hoursAgo(0.01) } },
    },
    lastDay: {
      ...wellDay,
      failedBy: failedCodes(
        { code: NOT_STORED, count: 40, first: 9, last: 8 },
        { code: 'SLUICE_COLLECT_NOT_RELAYED', count: 5, first: 7, last: 0.1 },
      ),
    },
    unstored: logged(
      answered(NOT_STORED, 40),
      answered('SLUICE_COLLECT_NOT_RELAYED', 3, { key: 'app', sdk: 'ios-client 2' }),
    ),
  },
  '503 of keys, and requests were stored since': {
    lastHour: { ...wellHour, lastStoredAt: hoursAgo(0.5) },
    lastDay: {
      ...wellDay,
      failedBy: failedCodes({ code: 'SLUICE_KEYS_UNAVAILABLE', count: 4, first: 9, last: 8 }),
    },
  },
  '503 of keys, none in the last hour, and nothing was stored since': {
    lastHour: { ...wellHour, lastStoredAt: hoursAgo(20) },
    lastDay: {
      ...wellDay,
      failedBy: failedCodes({ code: 'SLUICE_KEYS_UNAVAILABLE', count: 4, first: 9, last: 8 }),
    },
  },
  '503 of keys, whose list has entries that nobody can read': {
    ...failedRequests({ SLUICE_KEYS_UNAVAILABLE: 4 }),
    keys: { ...wellKeys, fault: '1 entry.', faultKind: 'entries', unreadable: ['a', 'b'], changedAt: null },
  },
  '503 of keys, whose list can be read': failedRequests({ SLUICE_KEYS_UNAVAILABLE: 4 }),
  '503 of keys, that cannot be read': {
    ...failedRequests({ SLUICE_KEYS_UNAVAILABLE: 4 }),
    keysFailure: keysFailure('busy', 'Throttled'),
  },
  'the keys are gone': { keys: { ...keysGone, changedAt: null } },
  'the keys of the local cloud are gone': { isLocal: true, keys: { ...keysGone, changedAt: hoursAgo(4) } },
  'the keys cannot be read for another error': { keysFailure: keysFailure('error', 'X') },
  'the times of events are noted in more lines than were read': {
    lastDay: { ...wellDay, received: 100 },
    noted: {
      ...notedTimes,
      hasMore: true,
      before2000: [{ ...requestGroup, count: 6 }],
      ahead: [{ ...requestGroup, count: 40, skewMs: -2 * HOUR_MS }],
    },
  },
  'a statement denies roles what the landing needs, too': {
    ...undeleted,
    deniedCalls: [
      { ...relayDenied, part: deniedCalls.part, role: deniedCalls.role, count: 9, first: hoursAgo(9) },
      { ...relayDenied, count: 2 },
    ],
  },
  'a statement denies another role what the landing needs of the writer': {
    ...undeleted,
    deniedCalls: [relayDenied],
  },
  'AWS fails with the keys': { keysFailure: keysFailure('awsFailed', 'InternalFailure') },
  'requests were refused of two codes, of which one is of a key': {
    ...refusedRequests({ SLUICE_KEY_UNKNOWN: 3, SLUICE_METHOD_NOT_ALLOWED: 5 }, 400),
    refusals: logged(
      answered('SLUICE_KEY_UNKNOWN', 3, { key: '9f86' }),
      answered('SLUICE_METHOD_NOT_ALLOWED', 5, { sdk: 'curl', first: hoursAgo(11) }),
    ),
  },
  'every request of an app is refused': {
    ...refusedRequests({ SLUICE_KEY_MISSING: 3 }, 400),
    refusals: logged(answered('SLUICE_METHOD_NOT_ALLOWED', 9), ...refusedApp(3, 1.5, 0.5).refusals.groups),
  },
  'two requests of an app are refused': refusedApp(2, 1.5, 0.5),
  'every request of an app is refused, the last an hour ago': refusedApp(3, 2, 1),
  'a spike of nobody who is known, and one of events': changedRequests(
    { what: 'requests', usual: 1.6 },
    { what: 'events', first: hoursAgo(11) },
  ),
  'past the stream, until two hours ago': {
    ...changedRequests({ what: 'overflowed', last: hoursAgo(2) }),
    lastHour: wellHour,
    overflowError: 'ServiceUnavailableException',
  },
  'past the stream, which denies it': {
    ...changedRequests({ what: 'overflowed' }),
    overflowError: 'AccessDeniedException',
  },
  'past the stream, which AWS fails': {
    ...changedRequests({ what: 'overflowed' }),
    overflowError: 'InternalFailure',
  },
  'old times of two senders': {
    noted: {
      ...notedTimes,
      before2000: [
        { ...requestGroup, key: 'app', count: 2 },
        { ...requestGroup, key: 'web', count: 7, first: hoursAgo(12) },
      ],
    },
  },
  'late events that are few of many, and those of few': {
    lastDay: { ...wellDay, received: 201 },
    noted: {
      ...notedTimes,
      late: [
        { ...requestGroup, key: 'app', count: 10, isClockStated: true },
        { ...requestGroup, key: 'web', count: 9, isClockStated: false },
      ],
    },
  },
  'one copy was not kept, two hours ago': {
    unkept: { count: 1, first: hoursAgo(3), last: hoursAgo(2) },
    unkeptError: 'QueueDoesNotExist: sluice',
  },
  'copies were not kept, and nobody knows why': {
    unkept: { count: 2, first: hoursAgo(3), last: hoursAgo(0.5) },
    unkeptError: null,
  },
  'copies were refused of two reasons, and more': {
    relay: {
      ...relayRefused(
        refusedCopies('expired', { count: 5, hours: 30, keptHours: 300 }),
        refusedCopies('413', { count: 1 }),
      ).relay,
      hasMore: true,
    },
  },
  'relay is late, whose target moved': lateRelay('308'),
  'relay is late, whose target says no in a 200': lateRelay('200'),
  'relay is late, whose target does not answer': lateRelay('ECONNREFUSED'),
  'relay is late, whose function fails': {
    ...lateRelay(null),
    ...failing('relay', { waits: null }),
  },
  'relay is late, whose function failed': {
    ...lateRelay(null),
    ...failing('relay', { waits: null, isOver: true }),
  },
  'relay is late, beside dead letters': {
    ...lateRelay(null),
    deadLetters: [{ ...deadLetters, part: 'relay' }],
  },
  'entries of three ledgers are damaged': {
    damagedEntries: [
      { key: 'ledger/acme/orders/2026-11-18.json', writtenAt: hoursAgo(3), versionBefore: 'v1' },
      { key: 'ledger/acme/orders/2026-11-17.json', writtenAt: hoursAgo(5), versionBefore: null },
      { key: 'ledger/exports/out/2026-11-18.json', writtenAt: null, versionBefore: null },
      { key: 'ledger/exports/out/2026-11-19.json', writtenAt: hoursAgo(2), versionBefore: 'v3' },
      { key: 'ledger/curated/events/2026-11-18.json', writtenAt: hoursAgo(4), versionBefore: 'v2' },
    ],
    alarms: ringing('export-failed-daily', 'curations-failed', 'ingest-failed-daily'),
  },
  'a folder was never listed since a deployment of two days ago, as the planner fails': {
    ...datasetFacts({ lastLook: null }),
    deployedAt: hoursAgo(48),
    deadLetters: [{ ...deadLetters, part: 'ingest-plan' }],
  },
  'a folder was never listed since a deployment of an hour ago': {
    ...datasetFacts({ lastLook: null }),
    deployedAt: hoursAgo(1),
  },
  'a folder was never listed, whose look is damaged': {
    ...datasetFacts({ lastLook: null }),
    damagedEntries: [
      { key: 'ledger/acme/orders/last-look.json', writtenAt: hoursAgo(3), versionBefore: null },
    ],
  },
  'a place moved, and has no files but others': datasetFacts({
    days: [{ ...loadedDay, loadedFrom: 's3://old/', version: '20261119T081500123Z' }],
    lastLook: {
      ...hourOldLook,
      stopped: true,
      place: { name: 's3://customers/orders/', since: msAgo(5) },
      elsewhere: { days: [], others: ['2026/'] },
    },
    unlooked: ['2026-11-14', '2026-11-15', '2026-11-17'],
    late: [lateDay('2026-11-19', 26)],
  }),
  'a day failed by files that were replaced since': datasetFacts({
    days: [{ ...failedDay, failing: { ...ongoingFailure, replaced: msAgo(1) } }],
  }),
  'two loaded days have no file any more, and one is to be loaded': datasetFacts({
    days: [
      loadedOn(15, { missingSince: msAgo(3) }),
      { ...loadedDay, missingSince: msAgo(2), uncommitted: 2 },
    ],
  }),
  'days wait for each cure': datasetFacts({
    waiting: [
      { ...waitingDay, day: '2026-11-14', cure: 'load' },
      { ...waitingDay, day: '2026-11-15', cure: 'backfill', since: msAgo(9) },
      { ...waitingDay, day: '2026-11-18', isLacking: false },
      { ...waitingDay, cure: 'run' },
      { ...waitingDay, day: '2026-11-20', isLacking: false, cure: 'run' },
    ],
    late: [lateDay('2026-11-20', 26)],
  }),
  ...each(
    [
      {
        what: 'when runs looked for a day last',
        since: '2026-11-16T03:00:00Z',
        until: '2026-11-19T09:00:00Z',
      },
      {
        what: 'until the last day on which runs looked for a day',
        since: '2026-11-14T03:00:00Z',
        until: '2026-11-17T03:00:00Z',
      },
      {
        what: 'once none looked for a day any more',
        since: '2026-11-18T03:00:00Z',
        until: '2026-11-19T09:00:00Z',
      },
      {
        what: 'when runs looked last for one of two days',
        since: '2026-11-16T03:00:00Z',
        until: '2026-11-19T09:00:00Z',
        days: ['2026-11-12', '2026-11-14'],
      },
    ],
    ({ what, since, until, days = ['2026-11-14'] }) => [
      `a folder could not be listed ${what}, which waits`,
      datasetFacts({
        waiting: days.map((day) => ({ ...waitingDay, day, cure: 'load' })),
        lookbackDays: 3,
        lastLook: {
          ...hourOldLook,
          pastFailure: {
            code: 'SLUICE_SOURCE_ACCESS_DENIED',
            since: Date.parse(since),
            until: Date.parse(until),
          },
        },
      }),
    ],
  ),
  'one day before the lookback has newer files': datasetFacts({ newer: ['2026-01-01'] }),
  'days are late before the lookback and in it, with and without rows': datasetFacts({
    late: [
      lateDay('2026-11-14', 26),
      lateDay('2026-11-15', 26, '1 file has 0 rows'),
      lateDay('2026-11-18', 26, '1 file has 0 rows'),
      lateDay('2026-11-19', 26),
      lateDay('2026-11-20', 26),
    ],
    lastLook: { ...hourOldLook, newestDay: '2026-11-13' },
    days: [],
  }),
  'the key is to be deleted': {
    key: { ...wellKey, KeyState: 'PendingDeletion', DeletionDate: new Date(NOW) },
  },
  ...each(
    [
      'REVIEW_IN_PROGRESS',
      'IMPORT_ROLLBACK_FAILED',
      'ROLLBACK_COMPLETE',
      'CREATE_FAILED',
      'UPDATE_ROLLBACK_COMPLETE',
      'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
      'IMPORT_COMPLETE',
      'UPDATE_FAILED',
    ],
    (status) => [`the stack is ${status}`, { stackState: { status, reason: null, since: null } }],
  ),
  'the local configuration differs in two settings': {
    isLocal: true,
    undeployed: { settings: ['a.b: x', 'c'], deployedAt: null },
  },
  'roles and users of readers are gone, one of the local cloud': {
    stackFaults: (
      [
        { name: 'r', reader: { name: 'warehouse-1', kind: 'statsig', as: 'role' } },
        { name: 'u', reader: { name: 'marts-2', kind: 'owox', as: 'user' } },
        { name: 'l', reader: { name: 'bi-3', kind: 'metabase', as: 'user' }, repair: [] },
      ] as const
    ).map((more) => ({ ...missingResource, what: 'identity of a reader' as const, ...more })),
  },
  'a table is gone, and a workgroup that cannot be brought back, and a secret': {
    stackFaults: [
      missingResource,
      { ...missingResource, what: 'database', name: 'sluice', isRegistered: true, deployedAt: null },
      { ...missingResource, what: 'workgroup', name: 'w', repair: [] },
      { ...missingResource, what: 'alarm', name: 'a', others: 2 },
      { ...missingResource, what: 'view', name: 'v', isDeployed: false },
      { ...missingResource, what: 'workgroup', name: 'u' },
      {
        ...missingResource,
        what: 'secret of a reader',
        name: 's',
        reader: { name: 'marts-2', kind: 'owox', as: 'user' },
        keptUntil: hoursAgo(-99),
      },
    ],
    unknown: [
      unreadPart('the tables', 'query', 'Table events not found.'),
      unreadPart('the curated days', 'denied', 'Denied events.'),
    ],
  },
  'the key of the Data Catalog cannot be used': {
    unknown: ['GlueEncryptionException: a', 'GlueEncryptionException: b'].map((why) => ({
      part: 'the partitions',
      why,
      kind: 'catalogKey',
      log: null,
      isByKey: false,
    })),
  },
  'a table, a view and workgroups differ': {
    stackFaults: [
      { ...missingResource, differs: ['a `b`', 'c'], isRegistered: true },
      { ...missingResource, what: 'view', name: 'v', differs: ['a'], changedAt: hoursAgo(3) },
      { ...missingResource, differs: ['a'], isOtherRelease: true, name: 'other' },
      { ...missingResource, differs: ['a'], repair: [], name: 'here' },
      { ...missingResource, what: 'workgroup', name: 'w', differs: ['a'] },
      { ...missingResource, what: 'workgroup', name: 'x', differs: ['a', 'b'], isOtherRelease: true },
    ],
  },
  'calls are denied for weeks, by no policy that anybody found, of two resources': {
    deniedCalls: [
      deniedCalls,
      {
        ...deniedCalls,
        resource: 'arn:aws:s3:::acme/aaaaaaaaaaaaaaaaaaaaaaaaaaa',
        count: 11,
        hasMore: false,
        first: hoursAgo(5),
      },
      {
        ...deniedCalls,
        by: 'missing',
        role: 'arn:aws:iam::1:role/other',
        count: 1,
        hasMore: false,
        first: hoursAgo(3),
      },
    ],
  },
  'one fault is set in the local cloud': { isLocal: true, faults: 1 },
  'parts cannot be read for one reason and another': {
    unknown: [
      unreadPart('the exports', 'denied', 'X.'),
      unreadPart('the drops', 'denied', 'Y.'),
      unreadPart('the tables', 'denied', 'Y.'),
      { part: 'the raw days', why: 'Z.', kind: 'other', log: null, isByKey: true },
      unreadPart('the erasures', 'other', 'V.'),
    ],
  },
  'the writer failed before anything waits': {
    ...landingWaits(1, 2),
    functionErrors: [errorsOf('write', 5, 4)],
  },
  'the collector failed after hours without an answer': {
    ...unreachedAt('5xx', 3, 2),
    functionErrors: [errorsOf('collect', 2.9, 0.5)],
  },
  'the endpoint answers nearly all requests itself': {
    unreached: [unreachedHour('4xx', 2, 40, 100), unreachedHour('4xx', 1, 90, 100)],
  },
  'the collector failed beside refusals of AWS': {
    ...unreachedAt('4xx', 3),
    functionErrors: [errorsOf('collect', 2.9, 2.5)],
  },
  'nights are not judged, as their function fails': {
    lastNight: { day: '2026-11-17', at: hoursAgo(58) },
    ...failing('reconcile', { waits: null }),
  },
  'nights are not judged, as Lambda throttles their function': {
    lastNight: { day: '2026-11-18', at: hoursAgo(34) },
    ...failing('reconcile', { errors: 0, throttled: 3, waits: null }),
    failures: { reconcile: failureOf('throttled', 'Lambda throttled 3 invocations.', 10) },
  },
  'a night was not judged, by a key that is on again': {
    lastNight: { day: '2026-11-18', at: hoursAgo(34) },
    ...failing('reconcile', { waits: null }),
    failures: { reconcile: { ...failureOf('error', 'KMS.DisabledException', 10), isByKey: true } },
    key: wellKey,
  },
  'an hour waits of the last judged day, and the day after it is unjudged': {
    lastNight: { day: '2026-11-18', at: hoursAgo(34) },
    receivedHours: [{ ...shortHour, ds: '2026-11-18', state: 'open', checked_at: '2026-11-19 01:10:01.000' }],
  },
  'dead letters of something else than a function fails with': {
    deadLetters: [ofExports],
    ...failing('export'),
    failures: { export: codedFailure('SLUICE_Y', 'x'), [ofExports.queue]: codedFailure('SLUICE_X', 'y') },
  },
  'one message of a stranger is a dead letter': {
    deadLetters: [{ ...ofExports, messages: 1 }],
    failures: { [ofExports.queue]: codedFailure('SLUICE_EXPORT_MESSAGE_INVALID', 'x') },
  },
  'a function fails for two days, by a key that is on again': {
    functionErrors: [{ ...functionErrors, first: hoursAgo(40) }],
    failures: { 'curate-plan': { ...failureOf('error', 'KMS.DisabledException'), isByKey: true } },
    key: wellKey,
  },
  'functions were throttled, and failed, and one message waits': {
    functionErrors: [
      { ...functionErrors, errors: 0, throttled: 5, isOver: true },
      { ...functionErrors, part: 'register', isOver: true, waits: { messages: 1, since: null } },
      { ...functionErrors, part: 'other', waits: null },
    ],
  },
  'a function was denied what is allowed again': {
    ...failing('write'),
    failures: {
      write: failureOf(
        'denied',
        `AccessDenied: ${DENIAL} because no identity-based policy allows the s3:PutObject action`,
      ),
    },
    deniedCalls: [{ ...deniedCalls, part: 'export' }],
  },
  'a quota of the account stops a function': {
    ...failing('export'),
    failures: { export: failureOf('quota', 'LimitExceededException: a quota was exceeded.') },
  },
  'one message of a function of the local cloud waits': {
    isLocal: true,
    idleFunctions: [{ part: 'other', messages: 1, schedule: null, since: null }],
  },
  'alarms ring of exports and dead letters, and for what': {
    alarms: ['export-failed-daily', 'write-dead-letters', 'ingest-late-acme-daily', 'x'].map((name) => ({
      ...ringingAlarm,
      name: `sluice-prod-${name}`,
      reason: '',
      state: 'ALARM',
      notifies: true,
    })),
  },
  'an alarm rings of dead letters that could not be read': {
    alarms: ringing('write-dead-letters'),
    deadLetters: null,
  },
  'a folder is denied by the role of the stack': looked({
    failure: {
      code: 'SLUICE_SOURCE_ACCESS_DENIED',
      message: `${DENIAL} because no identity-based policy allows the s3:PutObject action`,
    },
  }),
};
