import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';
import {
  changedRequests,
  codedFailure,
  curatedTable,
  datasetFacts,
  deadLetters,
  deniedCalls,
  emptyDamaged,
  emptyListing,
  failedDay,
  failureOf,
  functionErrors,
  HOUR_MS,
  hourOldLook,
  hoursAgo,
  keptDay,
  loadedDay,
  NOW,
  namedExport,
  ongoingFailure,
  quarantineCount,
  refusedRequests,
  requestGroup,
  ringingAlarm,
  shortHour,
  silentFacts,
  silentSince,
  threeCopies,
  waitingFacts,
  wellDay,
  wellHour,
  wellKeys,
} from '../statusFacts.ts';

const answered = (code: string, count: number, more: object = {}) => ({
  ...requestGroup,
  code,
  count,
  ...more,
});
const logged = (...groups: readonly ReturnType<typeof answered>[]) => ({
  groups,
  since: hoursAgo(11),
  hasMore: false,
});
const failedCodes = (
  ...codes: readonly (readonly [code: string, count: number, first: number, last: number])[]
) =>
  Object.fromEntries(
    codes.map(([code, count, first, last]) => [
      code,
      { count, first: hoursAgo(first), last: hoursAgo(last) },
    ]),
  );
const NOT_STORED = 'SLUICE_COLLECT_NOT_STORED';
const NOT_RELAYED = 'SLUICE_COLLECT_NOT_RELAYED';
const NOT_DELIVERED = 'SLUICE_COLLECT_NOT_DELIVERED';
const KEYS = 'SLUICE_KEYS_UNAVAILABLE';
/** An app whose requests were all refused until half an hour ago. */
const refusedApp = { sdk: 'ios-client 2', first: hoursAgo(1.5), last: hoursAgo(0.5) };
const minutes = (count: number) => hoursAgo(count / 60);

/** A requests that fails with a code until so many minutes ago, and whose sender was stored so many minutes ago. */
const failedAndStored = (last: number, stored: number) => ({
  lastHour: {
    ...wellHour,
    failedBy: { [NOT_STORED]: 2 },
    failedAt: { [NOT_STORED]: { first: minutes(30), last: minutes(last) } },
  },
  lastDay: { ...wellDay, failedBy: failedCodes([NOT_STORED, 2, 0.6, 0.1]) },
  unstored: logged(answered(NOT_STORED, 2, { last: minutes(last + 1), storedAt: minutes(stored) })),
});

const archived = (table: string, day: `2026-11-${number}`, age: number, ...files: readonly string[]) => ({
  table,
  day,
  since: NOW - age * HOUR_MS,
  keys: files.map((file) => `statsig/ingested/${table}/${day}/v/${file}`),
});
const lacking = (day: `2026-11-${number}`, age: number) => ({
  day,
  since: NOW - age * HOUR_MS,
  isOnly: false,
});
const rule = { id: 'a', prefix: '', storageClass: 'GLACIER', days: 30, isOfVersions: false };
const unread = (day: `2026-11-${number}`, rows: number, more: object = {}) => ({
  day,
  location: `s3://acme/v/${day}/`,
  rows,
  ...more,
});
const elsewhere = (place: string, age: number) => ({
  elsewhere: { location: `s3://old/${place}/`, madeAt: hoursAgo(age) },
});
const part = { why: 'X.', kind: 'denied', log: null, isByKey: false } as const;

/** States with several of what usually is one, in no order, and those at a bound. Their findings are in findings.json. */
export const severalCases: Readonly<Record<string, Partial<StatusFacts>>> = {
  'two silences of the day before': {
    ...silentSince(0.5, {
      changes: [
        { what: 'silence', hour: 0, usual: 1, day: 0, first: hoursAgo(9), last: hoursAgo(8) },
        { what: 'silence', hour: 0, usual: 30, day: 0, first: hoursAgo(5), last: hoursAgo(4) },
      ],
    }),
    lastHour: wellHour,
  },
  'a silence that lasts, before which nobody knows of a request': {
    ...changedRequests({ what: 'silence', last: null, first: hoursAgo(7), usual: 60 }),
    ...silentFacts,
    lastRequestAt: null,
    lastEventAt: hoursAgo(9),
  },
  'silence since exactly two days': { ...silentFacts, lastRequestAt: hoursAgo(48) },
  'past the stream, until half an hour ago': {
    ...changedRequests({ what: 'overflowed', last: hoursAgo(0.5) }),
    lastHour: { ...wellHour, received: 4 },
  },
  'past the stream, until exactly an hour ago': {
    ...changedRequests({ what: 'overflowed', last: hoursAgo(1) }),
    lastHour: { ...wellHour, received: 4 },
  },
  'past the stream, of which metrics know until two hours ago, and the last hour more': {
    ...changedRequests({ what: 'overflowed', last: hoursAgo(2) }),
    lastHour: { ...wellHour, overflowed: 3 },
  },
  'past the stream, whose log could not be read': {
    ...changedRequests({ what: 'overflowed' }),
    unknown: [{ ...part, part: 'the log of collect', log: 'collect' }],
  },
  'past the stream, which is gone': {
    ...changedRequests({ what: 'overflowed' }),
    overflowError: 'ResourceNotFoundException',
  },
  'an experiment stays away that is named as an SDK that does, and an SDK of exposures beside another of events':
    {
      contentChanges: (
        [
          ['exposures', 'experiment', 'ios-client'],
          ['events', 'sdk', 'ios-client'],
          ['exposures', 'sdk', 'js-client'],
        ] as const
      ).map(([table, what, value]) => ({
        table,
        what,
        kind: 'less',
        subject: '',
        value,
        label: null,
        sdk: null,
        count: 0,
        of: 90,
        usual: 0,
        days: 7,
        since: hoursAgo(30),
      })),
    },
  'three clocks of one sender, of which one is off by exactly two days': {
    lastDay: { ...wellDay, received: 100 },
    noted: {
      counts: {},
      hasMore: false,
      before2000: [],
      corrected: [{ ...requestGroup, key: 'app', count: 9, skewMs: 48 * HOUR_MS }],
      uncorrected: [{ ...requestGroup, key: 'app', count: 5, skewMs: 3 * HOUR_MS }],
      ahead: [
        { ...requestGroup, key: 'app', count: 4, skewMs: -24 * HOUR_MS },
        { ...requestGroup, key: 'tv', count: 2, skewMs: -30 * HOUR_MS },
      ],
      late: [],
    },
  },
  'relay is late, as S3 denies its copies': {
    relay: { waiting: { count: 1, oldest: hoursAgo(2) }, refused: [], hasMore: false },
    relayAnswer: { why: 'AccessDenied', copies: 2, at: hoursAgo(0.5) },
  },
  'relay is late, by an error of the network with a number': {
    relay: { waiting: { count: 1, oldest: hoursAgo(2) }, refused: [], hasMore: false },
    relayAnswer: { why: 'E404', copies: 2, at: hoursAgo(0.5) },
  },
  '503 of the day, where the last hour is not known': {
    lastDay: { ...wellDay, failedBy: failedCodes([NOT_STORED, 4, 9, 8]) },
  },
  '503 until two minutes ago, whose sender was stored since': failedAndStored(2, 1),
  '503 until a minute ago, whose sender was stored since': failedAndStored(1, 0.5),
  '503 of keys, where requests were stored since and collectors fail to read them': {
    lastHour: { ...wellHour, lastStoredAt: hoursAgo(0.5) },
    lastDay: { ...wellDay, failedBy: failedCodes([KEYS, 4, 9, 8]) },
    keysFailure: { text: 'x', kind: 'busy', since: hoursAgo(9) },
  },
  '503 of three codes, of which one is over and the most are the second': {
    lastHour: { ...wellHour, failedBy: { [NOT_RELAYED]: 7, [NOT_DELIVERED]: 40 } },
    lastDay: {
      ...wellDay,
      failedBy: failedCodes([NOT_STORED, 90, 5, 4], [NOT_RELAYED, 7, 3, 0.1], [NOT_DELIVERED, 40, 9, 0.1]),
    },
    unstored: logged(
      answered(NOT_STORED, 90, { storedAt: hoursAgo(2) }),
      answered(NOT_RELAYED, 7),
      answered(NOT_DELIVERED, 40, { key: 'app' }),
    ),
  },
  'requests were refused without the collector, and others failed': {
    unreached: [
      { kind: '4xx', hour: hoursAgo(2), count: 20, of: 100 },
      { kind: '5xx', hour: hoursAgo(1), count: 50, of: 200 },
      { kind: '5xx', hour: hoursAgo(5), count: 7, of: 100 },
    ],
  },
  'a key was unknown in the last hour, of which the log has no line': {
    ...refusedRequests({ SLUICE_KEY_UNKNOWN: 4, SLUICE_METHOD_NOT_ALLOWED: 2 }, 400),
    refusals: logged(answered('SLUICE_METHOD_NOT_ALLOWED', 2)),
  },
  'requests were refused of two codes, and the log was not read': refusedRequests(
    { SLUICE_METHOD_NOT_ALLOWED: 5, SLUICE_KEY_MISSING: 20 },
    400,
  ),
  'requests were refused of two codes that say why, and of a third that the log has no line of': {
    ...refusedRequests({ SLUICE_BODY_NOT_JSON: 1, SLUICE_METHOD_NOT_ALLOWED: 5, SLUICE_KEY_MISSING: 2 }, 400),
    refusals: logged(answered('SLUICE_METHOD_NOT_ALLOWED', 5), answered('SLUICE_KEY_MISSING', 2)),
  },
  'a key is unknown, while the list cannot be read': {
    ...refusedRequests({ SLUICE_KEY_UNKNOWN: 4 }, 400),
    refusals: logged(answered('SLUICE_KEY_UNKNOWN', 4, { key: '9f86d081' })),
    keys: { ...wellKeys, senders: [], fault: 'It is not JSON.', faultKind: 'invalid' },
  },
  'every request of an app of the local cloud is refused': {
    isLocal: true,
    ...refusedRequests({ SLUICE_METHOD_NOT_ALLOWED: 3 }, 400),
    refusals: logged(answered('SLUICE_METHOD_NOT_ALLOWED', 3, refusedApp)),
  },
  'three requests of an app of the local cloud are refused, and others stored': {
    isLocal: true,
    ...refusedRequests({ SLUICE_METHOD_NOT_ALLOWED: 3 }, 400),
    refusals: logged(answered('SLUICE_METHOD_NOT_ALLOWED', 3, { ...refusedApp, storedAt: hoursAgo(1) })),
  },
  'files of two tables are archived, of which a dataset lacks three days': {
    archivedDays: {
      days: [
        archived('acme_orders', '2026-11-19', 2, 'a', 'b'),
        archived('curated_events', '2026-11-15', 4, 'e'),
        archived('curated_events', '2026-11-18', 3, 'd'),
        archived('acme_orders', '2026-11-16', 9, 'c'),
        archived('acme_orders', '2026-11-17', 5, 'f'),
      ],
      unlookedUntil: '2026-11-01',
    },
    ...datasetFacts({
      lacking: [lacking('2026-11-16', 2), lacking('2026-11-17', 2), lacking('2026-11-19', 2)],
    }),
  },
  'files of curated days are archived, and lack': {
    archivedDays: {
      days: [
        archived('curated_events', '2026-11-15', 4, 'e'),
        archived('curated_events', '2026-11-16', 3, 'd'),
      ],
      unlookedUntil: null,
    },
    curated: [
      {
        ...curatedTable,
        // The last is of a day of which another table has archived files.
        lacking: [lacking('2026-11-15', 2), lacking('2026-11-16', 2), lacking('2026-11-17', 2)],
      },
    ],
  },
  'two rules archive what is read again': {
    archivingRules: [
      { ...rule, id: 'new', prefix: 'ledger/', since: NOW - 5 * HOUR_MS },
      { ...rule, id: 'old', isOfVersions: true, days: null, since: NOW - 9 * HOUR_MS },
      { ...rule, id: 'photos', prefix: 'photos/ledger/', since: NOW - 90 * HOUR_MS },
    ],
  },
  'days of two exports failed, and keep copies of files that are gone': {
    exports: [
      {
        ...namedExport,
        days: [
          { ...failedDay, day: '2026-10-30' },
          { ...failedDay, day: '2026-11-13', failureMessage: 'x' },
          { ...failedDay, day: '2026-11-17', failing: { ...ongoingFailure, waits: true } },
        ],
      },
      {
        ...namedExport,
        export: 'seen',
        table: 'statsig_forwarded_exposures',
        days: [
          { ...failedDay, day: '2026-11-14' },
          { ...loadedDay, day: '2026-11-13', kept: 1 },
          { ...loadedDay, day: '2026-11-15', kept: 2 },
          { ...loadedDay, day: '2026-11-16', kept: 3 },
        ],
      },
    ],
    // Whose finding names the copies.
    curated: [
      {
        ...curatedTable,
        kind: 'exposures',
        table: 'curated_exposures',
        accepted: ['2026-11-13'],
        kept: [{ ...keptDay, day: '2026-11-15' }],
      },
    ],
  },
  'an export is denied, of which one demand of the bucket is another export’s': {
    exports: [
      { ...namedExport, days: [{ ...failedDay, failure: 'SLUICE_EXPORT_OTHER' }] },
      {
        ...namedExport,
        export: 'seen',
        days: [{ ...failedDay, failure: 'SLUICE_EXPORT_ACCESS_DENIED', failureMessage: 'm' }],
      },
    ],
    encryptionDemands: [
      { export: 'out', sid: 'Own', header: 'x-amz-acl', wanted: null },
      { export: 'seen', sid: 'Enc', header: 'x-amz-server-side-encryption', wanted: 'aws:kms' },
    ],
  },
  'days could not be curated for two reasons, and wait': {
    curated: [
      {
        ...curatedTable,
        failed: [
          {
            day: '2026-11-18',
            code: 'SLUICE_CURATE_KILLED',
            message: 'It was killed by 7.',
            ...ongoingFailure,
          },
          { day: '2026-11-17', code: 'SLUICE_CURATE_FAILED', message: 'X_1.', ...ongoingFailure },
          { day: '2026-11-16', code: 'SLUICE_CURATE_KILLED', message: 'Killed by 8.', ...ongoingFailure },
        ],
        late: ['2026-11-19', '2026-11-15'],
        lateSince: NOW - 30 * HOUR_MS,
        unplanned: ['2026-11-14', '2026-11-13', '2026-11-12'],
      },
    ],
  },
  'two curated days have rows that no raw file has, and exports their copies': {
    curated: [
      {
        ...curatedTable,
        kept: [
          { ...keptDay, day: '2026-11-16', rows: 5, gone: [], replaced: [{ name: 'b.parquet', eTag: 'e' }] },
          keptDay,
        ],
      },
    ],
    lostDays: [
      { table: 'exposures', day: '2026-11-14', seenAt: NOW - 90 * HOUR_MS, files: 3, left: 1 },
      { table: 'events', day: '2026-11-13', seenAt: NOW - 100 * HOUR_MS, files: 3, left: 1 },
      { table: 'events', day: '2026-11-14', seenAt: NOW - 150 * HOUR_MS, files: 3, left: 1 },
    ],
  },
  'partitions of days of two tables are missing, and some point elsewhere': {
    partitions: {
      days: 3,
      gaps: [
        { table: 'exposures', day: '2026-11-20' },
        { table: 'events', day: '2026-11-20' },
        { table: 'events', day: '2026-11-19' },
        { table: 'events', day: '2026-11-18', ...elsewhere('x', 5) },
        { table: 'events', day: '2026-11-17', ...elsewhere('y', 9) },
      ],
    },
  },
  'two curated days have no partition, and two another': {
    curated: [
      {
        ...curatedTable,
        unread: [
          unread('2026-11-15', 7, elsewhere('x', 5)),
          unread('2026-11-16', 40),
          unread('2026-11-17', 1),
          unread('2026-11-18', 9, elsewhere('y', 9)),
        ],
      },
    ],
  },
  'two days of a raw table have lost their files': {
    lostDays: [
      { table: 'events', day: '2026-11-19', seenAt: NOW - 3 * HOUR_MS, files: 3, left: 1 },
      { table: 'events', day: '2026-11-20', seenAt: NOW - 2 * HOUR_MS, files: 8, left: 3 },
    ],
    restorable: [
      { table: 'statsig_forwarded_exposures', day: '2026-11-19', files: 2, rows: 11 },
      { table: 'statsig_forwarded_events', day: '2026-11-18', files: 2, rows: 12 },
      { table: 'statsig_forwarded_events', day: '2026-11-19', files: 1, rows: 700 },
      { table: 'statsig_forwarded_events', day: '2026-11-20', files: 5, rows: 800 },
    ],
  },
  'two objects of a folder are no Parquet, of which queries fail with one': {
    damagedFiles: [
      { table: 'events', day: '2026-11-20', key: 'e/b.txt', replacedAt: hoursAgo(2), strayVersions: ['v3'] },
      {
        table: 'events',
        day: '2026-11-19',
        key: 'e/a.txt',
        replacedAt: hoursAgo(5),
        strayVersions: ['v2', 'v1'],
      },
    ],
    unknown: [
      { ...part, part: 'the content of events', why: 'Not valid: s3://acme/e/c.txt', kind: 'query' },
      { ...part, part: 'the tables', why: 'Not valid: s3://acme/e/b.txt', kind: 'query' },
      { ...part, part: 'the raw days', why: 'Denied: s3://acme/e/b.txt' },
    ],
  },
  'alarms ring for one finding': {
    ...waitingFacts({ landing: { ...emptyListing, count: 1, oldest: hoursAgo(2) } }),
    deadLetters: [deadLetters],
    alarms: ['write-errors', 'write-dead-letters', 'write-queue', 'ingest-late'].map((name) => ({
      ...ringingAlarm,
      name: `sluice-prod-${name}`,
      state: 'ALARM',
      notifies: true,
    })),
  },
  'settings of the bucket differ in two points': {
    bucketFaults: [
      {
        name: 'lifecycle',
        why: 'Rows_1 are deleted.',
        points: ['rule_a differs', 'rule_b is gone'],
        repair: ['s3api', 'x'],
        isEarly: true,
      },
    ],
  },
  'calls are denied of a role for two actions': {
    deniedCalls: [
      { ...deniedCalls, count: 2, hasMore: false, first: hoursAgo(3) },
      { ...deniedCalls, action: 's3:GetObject', count: 5, hasMore: false, first: hoursAgo(9) },
    ],
  },
  'parts cannot be read for the key and for what their own answers say': {
    unknown: [
      { ...part, part: 'the tables', why: 'KMS.DisabledException: key/a.', kind: 'other', isByKey: true },
      { ...part, part: 'the raw days', why: 'InternalError: 500.', kind: 'other' },
      { ...part, part: 'the erasures', why: 'InternalError: 500.', kind: 'other' },
    ],
  },
  'a bucket of two schedules is gone, with the alarms of both': {
    datasets: (['daily', 'hourly'] as const).flatMap((schedule, i) => {
      const failure = { code: 'SLUICE_SOURCE_BUCKET_MISSING', message: 'X.' };
      const lastLook = { ...hourOldLook, at: NOW - (1 + i) * HOUR_MS, failure };
      return datasetFacts({ dataset: `orders-${schedule}`, schedule, lastLook }).datasets;
    }),
    alarms: ['unreadable-daily', 'unreadable-hourly', 'stopped-hourly', 'late'].map((name) => ({
      ...ringingAlarm,
      name: `sluice-prod-ingest-${name}`,
      state: 'ALARM',
      notifies: true,
    })),
  },
  'a dataset of a bucket that is gone has days to tell of': datasetFacts({
    lastLook: { ...hourOldLook, failure: { code: 'SLUICE_SOURCE_BUCKET_MISSING', message: 'X.' } },
    days: [
      { ...failedDay, failure: 'SLUICE_SOURCE_BUCKET_MISSING' },
      { ...loadedDay, day: '2026-11-19', receipt: { code: 'X_1', since: NOW - 5 * HOUR_MS } },
    ],
    lacking: [lacking('2026-11-16', 2), lacking('2026-11-17', 5)],
    late: [{ day: '2026-11-20', due: NOW - 2 * HOUR_MS }],
  }),
  'days wait whose late ones are of the past, and the alarm on late days rings': {
    ...datasetFacts({
      waiting: [
        { day: '2026-11-12', words: 'has 2 files', isLacking: true, cure: 'load', since: NOW - 9 * HOUR_MS },
        { day: '2026-11-13', words: 'has 3 files', isLacking: true, cure: 'load', since: NOW - 20 * HOUR_MS },
        { day: '2026-11-15', words: 'has 4 files', isLacking: true, cure: 'load', since: NOW - 8 * HOUR_MS },
      ],
      late: [{ day: '2026-11-16', due: NOW - 99 * HOUR_MS }],
    }),
    alarms: [
      { ...ringingAlarm, name: 'sluice-prod-ingest-late', state: 'ALARM', notifies: true },
      { ...ringingAlarm, name: 'sluice-prod-ingest-stopped-daily', state: 'ALARM', notifies: true },
    ],
  },
  'the lookback of a folder has no file, nor has any other, and its days are late': datasetFacts({
    lastLook: { ...hourOldLook, stopped: true },
    days: [],
    late: [{ day: '2026-11-19', due: NOW - 2 * HOUR_MS }],
  }),
  'days of a dataset have no partition, and others another': datasetFacts({
    unread: [unread('2026-11-16', 40), unread('2026-11-15', 7, elsewhere('x', 5))],
  }),
  'as many resends as bounds ask for, and one too few or too old': {
    curated: [
      {
        ...curatedTable,
        resends: [
          { day: '2026-11-19', rows: 900, resends: 100 },
          { day: '2026-11-18', rows: 1, resends: 99 },
          { day: '2026-11-17', rows: 98, resends: 2 },
          { day: '2026-11-16', rows: 98, resends: 2 },
          { day: '2026-11-09', rows: 100, resends: 900 },
        ],
      },
      {
        ...curatedTable,
        kind: 'exposures',
        table: 'curated_exposures',
        resends: [
          { day: '2026-11-19', rows: 2_400, resends: 100 },
          { day: '2026-11-18', rows: 1_000, resends: 0 },
          { day: '2026-11-17', rows: 1_000, resends: 0 },
        ],
      },
    ],
  },
  'late days, before which two were loaded and one had no file': datasetFacts({
    days: [
      { ...loadedDay, day: '2026-11-15' },
      { ...loadedDay, day: '2026-11-16' },
      { ...loadedDay, day: '2026-11-17', state: null, files: 0 },
      { ...loadedDay, day: '2026-11-18', state: null, files: 1 },
      { ...loadedDay, day: '2026-11-20' },
    ],
    lastLook: { ...hourOldLook, newestDay: '2026-11-14' },
    late: [
      { day: '2026-11-17', due: NOW - 50 * HOUR_MS },
      { day: '2026-11-18', due: NOW - 26 * HOUR_MS },
    ],
  }),
  'days of two reasons could not be loaded, of which one is served': datasetFacts({
    days: [
      { ...failedDay, day: '2026-11-13', failure: 'SLUICE_SOURCE_FILES_COMPRESSED' },
      {
        ...failedDay,
        day: '2026-11-14',
        failure: 'SLUICE_SOURCE_FILES_COMPRESSED',
        version: '20261114T081500123Z-1f6c09ab',
      },
      {
        ...failedDay,
        day: '2026-11-18',
        failureMessage: 'SLUICE_INGEST_ROW_TIME_MICROSECONDS: 4, SLUICE_INGEST_ROW_TIME_NANOSECONDS: 2',
        failure: 'SLUICE_LOAD_ROWS_REFUSED',
      },
    ],
  }),
  'days left out files, of which the older was loaded later': datasetFacts({
    days: [
      {
        ...loadedDay,
        day: '2026-11-18',
        version: '20261120T081500123Z-1f6c09ab',
        leftOut: { count: 1, words: 'left out 1 object' },
      },
      {
        ...loadedDay,
        version: '20261119T081500123Z-1f6c09ab',
        leftOut: { count: 2, words: 'left out 2 objects' },
      },
    ],
  }),
  'rows are in quarantine of three reasons, of which a customer’s files have one': {
    quarantine: [
      {
        ...quarantineCount,
        rows: 9,
        reason: 'SLUICE_INGEST_ROW_NAME_MISSING',
        firstAt: hoursAgo(2),
        senders: [],
      },
      {
        ...quarantineCount,
        rows: 4,
        firstAt: hoursAgo(8),
        senders: [
          { sdk: null, key: null, path: '/v1/log_event', rows: 3, firstAt: hoursAgo(8), lastAt: hoursAgo(7) },
          { sdk: 'js-client 3', key: null, path: null, rows: 1, firstAt: hoursAgo(8), lastAt: hoursAgo(6) },
        ],
      },
      { ...quarantineCount, reason: 'SLUICE_EVENT_KIND_NOT_ALLOWED', rows: 1, firstAt: hoursAgo(4) },
    ],
    ...datasetFacts({
      days: [
        { ...loadedDay, day: '2026-11-16', rows: { in: 9, out: 8, refused: 1 } },
        { ...loadedDay, day: '2026-11-17', rows: { in: 9, out: 8, refused: 1 } },
        { ...loadedDay, day: '2026-11-18', rows: { in: 9, out: 9, refused: 0 } },
        { ...loadedDay, day: '2026-11-19', rows: { in: 9, out: 3, refused: 6 } },
      ],
    }),
  },
  'events of hours of both tables are missing, and of a day that is over': {
    receivedHours: [
      { ...shortHour, hour: 12, table_name: 'exposures', missing: 1 },
      { ...shortHour, unproved: 12 },
      { ...shortHour, hour: 12, missing: 4 },
      {
        ...shortHour,
        ds: '2026-11-19',
        hour: 23,
        missing: 2,
        unproved: 12,
        checked_at: '2026-11-19 23:59:00.000',
      },
      { ...shortHour, ds: '2026-11-18', state: 'open', unproved: 90, checked_at: '2026-11-19 23:59:59.000' },
    ],
    lastNight: { day: '2026-11-19', at: hoursAgo(11) },
  },
  'an hour was looked at in the midnight of the night that was due': {
    receivedHours: [{ ...shortHour, state: 'open', checked_at: '2026-11-20 00:00:00.000' }],
    lastNight: { day: '2026-11-19', at: hoursAgo(11) },
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
    key: { Arn: 'key/a', KeyState: 'Disabled', KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT' },
    keyFailedSince: hoursAgo(12),
    ...waitingFacts({ buffered: { count: 2, oldest: hoursAgo(1) } }),
  },
  'nights are judged, while their function fails': {
    lastNight: { day: '2026-11-19', at: hoursAgo(11) },
    functionErrors: [{ ...functionErrors, part: 'reconcile', waits: null }],
    failures: { reconcile: codedFailure('SLUICE_X', 'x') },
  },
  'the collector failed in hours until exactly their end': {
    unreached: [
      { kind: '5xx', hour: hoursAgo(2), count: 50, of: 100 },
      { kind: '5xx', hour: hoursAgo(3), count: 50, of: 100 },
    ],
    functionErrors: [{ ...functionErrors, part: 'collect', first: hoursAgo(2.9), last: hoursAgo(1) }],
  },
  'the writer failed when what waits came': {
    ...waitingFacts({ landing: { ...emptyListing, count: 1, oldest: hoursAgo(2) } }),
    writer: { messages: 449, perMinute: null, goneAt: null },
    functionErrors: [
      { ...functionErrors, part: 'write', first: hoursAgo(3), last: hoursAgo(2), waits: null },
    ],
  },
  'objects are damaged, and more than were listed are not deleted': waitingFacts({
    damaged: { ...emptyDamaged, count: 4, rows: 3, oldest: hoursAgo(3), first: 'damaged/x', hasMore: true },
    undeleted: { ...emptyListing, count: 2, hasMore: true, oldest: hoursAgo(30), why: 'AccessDenied' },
  }),
  'the oldest record of the stream waits, where the stream could not be read': {
    stream: null,
    ...waitingFacts({ buffered: { count: 7, oldest: hoursAgo(25) } }),
  },
  'copies were not kept, by an error that the log has whole': {
    unkept: { count: 2, first: hoursAgo(3), last: hoursAgo(1) },
    unkeptError: 'AWS.SimpleQueueService.NonExistentQueue: sluice-prod-relay',
  },
  'six entries of two ledgers are damaged': {
    damagedEntries: [
      'orders/2026-11-18',
      'orders/2026-11-16',
      'refunds/2026-11-17',
      'orders/2026-11-15',
      'orders/2026-11-14',
      'orders/2026-11-13',
    ].map((entry, i) => ({
      key: `ledger/acme/${entry}.json`,
      writtenAt: hoursAgo(3 + i),
      versionBefore: i % 2 === 0 ? `v${i}` : null,
    })),
  },
  'copies wait and were refused, of which the target says no more': {
    relay: {
      waiting: { ...threeCopies, oldest: hoursAgo(1.5) },
      refused: [
        { reason: '413', count: 5, since: hoursAgo(3), oldest: hoursAgo(4) },
        { reason: '404', count: 7, since: hoursAgo(9), oldest: hoursAgo(10) },
      ],
      hasMore: false,
    },
    unknown: [{ ...part, part: 'the log of relay', log: 'relay' }],
  },
  'the alarm on late days rings, while datasets cannot be read': {
    datasets: null,
    alarms: [{ ...ringingAlarm, name: 'sluice-prod-ingest-late', state: 'ALARM', notifies: true }],
  },
  '503 of keys until a minute ago, and requests were stored since': {
    lastHour: {
      ...wellHour,
      failedBy: { [KEYS]: 2 },
      failedAt: { [KEYS]: { first: minutes(30), last: minutes(1) } },
      lastStoredAt: minutes(0.5),
    },
  },
  'a key is unknown whose digits another one has in its middle, and one has a label': {
    ...refusedRequests({ SLUICE_KEY_UNKNOWN: 4 }, 400),
    keys: { ...wellKeys, senders: ['aa9f86d081'], labels: { '5e5e5e5eff': 'web_1', '9f86d0ffff': 'app_2' } },
    refusals: logged(
      answered('SLUICE_KEY_UNKNOWN', 3, { key: '9f86d081' }),
      answered('SLUICE_KEY_UNKNOWN', 1, { key: '5e5e5e5e' }),
    ),
  },
  'an app was refused whose key is in the list now': {
    ...refusedRequests({ SLUICE_KEY_UNKNOWN: 3 }, 400),
    keys: { ...wellKeys, senders: ['9f86d081ff'] },
    refusals: logged(answered('SLUICE_KEY_UNKNOWN', 3, { key: '9f86d081', ...refusedApp })),
  },
  'an app was refused whose key is in the list now, and the log has more': {
    ...refusedRequests({ SLUICE_KEY_UNKNOWN: 3 }, 400),
    keys: { ...wellKeys, senders: ['9f86d081ff'] },
    refusals: { ...logged(answered('SLUICE_KEY_UNKNOWN', 3, { key: '9f86d081' })), hasMore: true },
  },
  'requests were refused of two codes earlier in the day': {
    lastDay: { ...wellDay, refused: 9 },
    refusals: logged(answered('SLUICE_KEY_MISSING', 5), answered('SLUICE_BODY_NOT_JSON', 4)),
  },
  'the keys of the local cloud are no list': {
    isLocal: true,
    keys: { ...wellKeys, senders: [], fault: 'It is not JSON.', faultKind: 'invalid' },
  },
  'copies were not kept, as SQS denies the role': {
    unkept: { count: 2, first: hoursAgo(3), last: hoursAgo(0.5) },
    unkeptError:
      'AccessDenied: User: arn:aws:sts::1:assumed-role/sluice-prod-CollectRole-1/c is not authorized to perform: sqs:SendMessage on resource: arn:aws:sqs:x:1:sluice-prod-relay because no identity-based policy allows the sqs:SendMessage action',
  },
  'two days of a raw table have lost their files with their versions, and the landing has some of both': {
    lostDays: [
      { table: 'events', day: '2026-11-19', seenAt: NOW - 2 * HOUR_MS, files: 3, left: 1 },
      { table: 'events', day: '2026-11-20', seenAt: NOW - 3 * HOUR_MS, files: 3, left: 1 },
    ],
    restorable: (['2026-11-19', '2026-11-20'] as const).map((day) => ({
      table: 'statsig_forwarded_events',
      day,
      files: 0,
    })),
  },
  'a view is gone': {
    stackFaults: [
      {
        what: 'view',
        name: 'product_events',
        part: 'the tables of the catalog',
        differs: null,
        changedAt: null,
        deployedAt: hoursAgo(99),
        isDeployed: true,
        isOtherRelease: false,
        repair: [['glue', 'create-table']],
      },
    ],
  },
  'parts cannot be read by the caller, of whom each answer has its own words': {
    unknown: (['credentials', 'expired', 'throttled', 'timedOut', 'catalogKey', 'missing'] as const).flatMap(
      (kind) => [
        { part: 'the tables', why: 'Request 1 failed.', kind, log: null, isByKey: false },
        { part: 'the alarms', why: 'Request 2 failed.', kind, log: null, isByKey: false },
      ],
    ),
  },
  'a day is late, and others wait, while the alarm on late days rings': {
    ...datasetFacts({
      late: [{ day: '2026-11-18', due: NOW - 30 * HOUR_MS }],
      waiting: [
        { day: '2026-11-19', words: 'has 2 files', isLacking: false, cure: 'run' },
        { day: '2026-11-20', words: 'has 3 files', isLacking: false, cure: 'backfill' },
        { day: '2026-11-17', words: 'has 4 files', isLacking: false, cure: 'backfill' },
      ],
    }),
    alarms: [{ ...ringingAlarm, name: 'sluice-prod-ingest-late', state: 'ALARM', notifies: true }],
  },
  'the lookback of a folder has no file, and days before it have': datasetFacts({
    lastLook: { ...hourOldLook, stopped: true },
    unlooked: ['2026-11-10', '2026-11-12'],
    days: [
      { ...loadedDay, day: '2026-11-08', version: '20261108T081500123Z-1f6c09ab' },
      { ...loadedDay, day: '2026-11-09', version: '20261109T081500123Z-1f6c09ab' },
    ],
    late: [{ day: '2026-11-18', due: NOW - 30 * HOUR_MS, empty: '1 file, 0 rows' }],
  }),
  'late days of weeks have no rows, and a file of another was left out': datasetFacts({
    late: [
      { day: '2026-11-18', due: NOW - 50 * HOUR_MS, empty: '1 file, 0 rows' },
      { day: '2026-11-19', due: NOW - 26 * HOUR_MS, empty: '2 files, 0 rows' },
    ],
    firstDay: '2026-10-01',
    days: [{ ...loadedDay, day: '2026-11-19', leftOut: { count: 2, words: 'left out 2 objects' } }],
  }),
  'late days of weeks have no file': datasetFacts({
    late: [
      { day: '2026-11-01', due: NOW - 400 * HOUR_MS },
      { day: '2026-11-19', due: NOW - 26 * HOUR_MS },
    ],
    firstDay: '2026-10-01',
    days: [],
  }),
  'objects wait, of which the queue has messages of two thirds': {
    ...waitingFacts({ landing: { ...emptyListing, count: 900, oldest: hoursAgo(1) } }),
    writer: { messages: 600, perMinute: 60, goneAt: hoursAgo(-1.5) },
  },
  'rows are in quarantine of which few are of a sender that is known': {
    quarantine: [
      {
        ...quarantineCount,
        rows: 9,
        senders: [
          { sdk: 'js-client 3', key: 'web', path: null, rows: 2, firstAt: hoursAgo(3), lastAt: hoursAgo(1) },
        ],
      },
    ],
  },
  'rows are in quarantine of which few are of a sender that nobody knows': {
    quarantine: [
      {
        ...quarantineCount,
        rows: 9,
        senders: [{ sdk: null, key: null, path: null, rows: 2, firstAt: hoursAgo(3), lastAt: hoursAgo(1) }],
      },
    ],
  },
};
