import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';
import {
  archivedFiles,
  curatedWith,
  datasetFacts,
  exportOf,
  failedBy,
  failedDay,
  hourOldLook,
  hoursAgo,
  keptDay,
  lackingDay,
  lateDay,
  loadedDay,
  loadedOn,
  looked,
  msAgo,
  NOW,
  namedExport,
  ongoingFailure,
  pointsElsewhere,
  quarantineCount,
  ringing,
  unreadDay,
  unusualBy,
} from '../statusFacts.ts';
import { each } from './Case.ts';

const bucketGone = { code: 'SLUICE_SOURCE_BUCKET_MISSING', message: 'X.' };
/** A listing that S3 denies since two hours, and whose tries failed before it. */
const deniedLook = {
  code: 'SLUICE_SOURCE_ACCESS_DENIED',
  message: 'Denied.',
  since: msAgo(9),
  codeSince: msAgo(2),
  lastGood: msAgo(10),
};
const { lastGood: _, ...neverLook } = deniedLook;
const slowLook = { ...deniedLook, code: 'SLUICE_SOURCE_UNAVAILABLE', message: 'Slow.' };
const saidLook = {
  ...deniedLook,
  message:
    'X. AccessDenied: User: arn:aws:sts::222222222222:assumed-role/sluice-prod-IngestPlanRole-1/x is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::customers" with an explicit deny in a resource-based policy',
};
const firstDayFailed = { ...failedBy('SLUICE_INGEST_FILE_TRUNCATED'), day: '2026-11-17' } as const;
const daysApart = (['2026-11-03', '2026-11-05', '2026-11-07', '2026-11-09'] as const).map((day) => ({
  ...failedDay,
  day,
}));
const SIX_DAYS = [
  '2026-11-10',
  '2026-11-11',
  '2026-11-12',
  '2026-11-13',
  '2026-11-14',
  '2026-11-15',
] as const;
const FOUR_APART = ['2026-11-13', '2026-11-15', '2026-11-17', '2026-11-19'] as const;
const ENCRYPTION = 'x-amz-server-side-encryption';
/** What AWS says of a key that a role of an export may not use. */
const KEY_DENIAL =
  'X. AccessDenied: User: arn:aws:sts::222222222222:assumed-role/sluice-prod-ExportRole-1/x is not authorized to perform: kms:GenerateDataKey on resource: arn:aws:kms:eu-central-1:222222222222:key/1 because no identity-based policy allows the kms:GenerateDataKey action';
/** Days until 2026-11-19 that lack files, of which those after a day have rows that nothing else has. */
const lackingOnly = (after: `2026-11-${number}`) =>
  (['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19'] as const)
    .filter((day) => day >= after)
    .map((day) => ({ ...lackingDay(day, 1), isOnly: day > after }));

/** States of datasets and exports with several of what usually is one, and those at a bound. Their findings are in findings.json. */
export const severalDrops: Readonly<Record<string, Partial<StatusFacts>>> = {
  'files of two tables are archived, of which a dataset lacks three days': {
    archivedDays: {
      days: [
        archivedFiles('acme_orders', '2026-11-19', 2, 'a', 'b'),
        archivedFiles('curated_events', '2026-11-15', 4, 'e'),
        archivedFiles('curated_events', '2026-11-18', 3, 'd'),
        archivedFiles('acme_orders', '2026-11-16', 9, 'c'),
        archivedFiles('acme_orders', '2026-11-17', 5, 'f'),
      ],
      unlookedUntil: '2026-11-01',
    },
    ...datasetFacts({
      lacking: [lackingDay('2026-11-16', 2), lackingDay('2026-11-17', 2), lackingDay('2026-11-19', 2)],
    }),
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
          loadedOn(13, { kept: 1 }),
          loadedOn(15, { kept: 2 }),
          loadedOn(16, { kept: 3 }),
        ],
      },
    ],
    // Whose finding names the copies.
    ...curatedWith({
      kind: 'exposures',
      table: 'curated_exposures',
      accepted: ['2026-11-13'],
      kept: [{ ...keptDay, day: '2026-11-15' }],
    }),
  },
  'an export is denied, of which one demand of the bucket is another export’s': {
    exports: [
      { ...namedExport, days: [failedBy('SLUICE_EXPORT_OTHER')] },
      {
        ...namedExport,
        export: 'seen',
        days: [failedBy('SLUICE_EXPORT_ACCESS_DENIED', 'm')],
      },
    ],
    encryptionDemands: [
      { export: 'out', sid: 'Own', header: 'x-amz-acl', wanted: null },
      { export: 'seen', sid: 'Enc', header: 'x-amz-server-side-encryption', wanted: 'aws:kms' },
    ],
  },
  'a bucket of two schedules is gone, with the alarms of both': {
    datasets: (['daily', 'hourly'] as const).flatMap((schedule, i) => {
      const look = { at: msAgo(1 + i), failure: bucketGone };
      return looked(look, { dataset: `orders-${schedule}`, schedule }).datasets;
    }),
    alarms: ringing(
      'ingest-unreadable-daily',
      'ingest-unreadable-hourly',
      'ingest-stopped-hourly',
      'ingest-late',
    ),
  },
  'a dataset of a bucket that is gone has days to tell of': datasetFacts({
    lastLook: { ...hourOldLook, failure: bucketGone },
    days: [failedBy(bucketGone.code), loadedOn(19, { receipt: { code: 'X_1', since: msAgo(5) } })],
    lacking: [lackingDay('2026-11-16', 2), lackingDay('2026-11-17', 5)],
    late: [lateDay('2026-11-20', 2)],
  }),
  ...each(
    [
      { what: 'are denied', failures: [deniedLook, { ...deniedLook, since: msAgo(9), codeSince: msAgo(3) }] },
      { what: 'are denied, and one is listed', failures: [deniedLook, undefined, deniedLook] },
      { what: 'are denied by a policy', failures: [saidLook, { ...saidLook, codeSince: msAgo(3) }] },
      { what: 'are denied for two reasons', failures: [deniedLook, saidLook] },
      { what: 'are denied, of which one never was listed', failures: [deniedLook, neverLook] },
      { what: 'are denied, and one failed', failures: [deniedLook, deniedLook, slowLook] },
      { what: 'failed', failures: [slowLook, slowLook] },
    ],
    ({ what, failures }) => [
      `folders of a source ${what}`,
      {
        datasets: failures.flatMap((failure, i) => {
          const look = failure === undefined ? {} : { failure };
          return looked(look, { dataset: `orders_${i}`, folder: `s3://customers/${i}/` }).datasets;
        }),
        alarms: ringing('ingest-unreadable', 'ingest-unreadable-daily'),
      },
    ],
  ),
  'a file is late of a folder that could not be listed, and was listed before': datasetFacts({
    lastLook: { ...hourOldLook, failure: deniedLook },
    late: [lateDay('2026-11-20', 2)],
  }),
  'days of a dataset have no partition, and others another': datasetFacts({
    unread: [unreadDay('2026-11-16', 40), unreadDay('2026-11-15', 7, pointsElsewhere('x', 5))],
  }),
  'late days, before which two were loaded and one had no file': datasetFacts({
    days: [
      loadedOn(15),
      loadedOn(16),
      loadedOn(17, { state: null, files: 0 }),
      loadedOn(18, { state: null, files: 1 }),
      loadedOn(20),
    ],
    lastLook: { ...hourOldLook, newestDay: '2026-11-14' },
    late: [lateDay('2026-11-17', 50), lateDay('2026-11-18', 26)],
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
        loadedOn(16, { rows: { in: 9, out: 8, refused: 1 } }),
        loadedOn(17, { rows: { in: 9, out: 8, refused: 1 } }),
        loadedOn(18, { rows: { in: 9, out: 9, refused: 0 } }),
        loadedOn(19, { rows: { in: 9, out: 3, refused: 6 } }),
      ],
    }),
  },
  'the lookback of a folder has no file, and days before it have': datasetFacts({
    lastLook: { ...hourOldLook, stopped: true },
    unlooked: ['2026-11-10', '2026-11-12'],
    days: [
      loadedOn(8, { version: '20261108T081500123Z-1f6c09ab' }),
      loadedOn(9, { version: '20261109T081500123Z-1f6c09ab' }),
    ],
    late: [lateDay('2026-11-18', 30, '1 file, 0 rows')],
  }),
  'a folder has other names alone, and of two late days the second is looked for still': datasetFacts({
    lastLook: { ...hourOldLook, stopped: true, elsewhere: { days: [], others: ['2026/'] } },
    firstDay: '2026-11-17',
    late: [lateDay('2026-11-16', 78), lateDay('2026-11-17', 54)],
  }),
  'messages of loads are gone, and the load of another day was requested half an hour ago': datasetFacts({
    days: [loadedOn(17, { state: 'waiting', requestedAt: msAgo(0.5) })],
    lost: [
      loadedOn(16, { state: 'waiting', requestedAt: msAgo(16) }),
      loadedOn(18, { state: 'waiting', requestedAt: msAgo(18) }),
      loadedOn(19, { state: 'waiting', requestedAt: msAgo(19) }),
    ],
  }),
  'late days of weeks have no rows, and a file of another was left out': datasetFacts({
    late: [lateDay('2026-11-18', 50, '1 file, 0 rows'), lateDay('2026-11-19', 26, '2 files, 0 rows')],
    firstDay: '2026-10-01',
    days: [loadedOn(19, { leftOut: { count: 2, words: 'left out 2 objects' } })],
  }),
  'late days of weeks have no file': datasetFacts({
    late: [lateDay('2026-11-01', 400), lateDay('2026-11-19', 26)],
    firstDay: '2026-10-01',
    days: [],
  }),
  'a day failed on the first day of the lookback, of a dataset and of an export': {
    ...datasetFacts({ days: [firstDayFailed] }),
    ...exportOf(firstDayFailed),
  },
  ...each(
    [
      'SLUICE_INGEST_FILE_TRUNCATED',
      'SLUICE_SOURCE_NOTHING_LOADABLE',
      'SLUICE_SOURCE_FILES_COMPRESSED',
      // The files stay, and a run tries them again after 12 hours only.
      'SLUICE_INGEST_COLUMN_MISSING',
      'SLUICE_LOAD_ROWS_REFUSED',
      'SLUICE_SOURCE_ROLE_DENIED',
    ],
    (code) => [
      `a day of a dataset failed with ${code}`,
      datasetFacts({ days: [failedBy(code, 'A file is wrong. orders/2026-11-18/a.parquet.')] }),
    ],
  ),
  'late days have another name in the folder': looked(
    { elsewhere: { days: [], others: ['2026/'] } },
    {
      days: (['succeeded', null, null] as const).map((state, i) => ({
        ...loadedDay,
        day: `2026-11-${17 + i}`,
        state,
      })),
      late: [lateDay('2026-11-18', 2)],
    },
  ),
  'a folder that was set before the last load has no file': looked(
    { stopped: true, place: { name: 's3://customers/orders/', since: msAgo(90) } },
    { days: [{ ...loadedDay, version: '20261117T080000000Z-0123abcd' }] },
  ),
  'many days failed apart, of a dataset and of an export': {
    ...datasetFacts({ days: daysApart }),
    ...exportOf(...daysApart),
  },
  'a folder was not listed, and nobody knows of runs': {
    ...looked({ at: msAgo(60) }),
    functionErrors: null,
  },
  'a day is late, and the folder has other names since an unknown time': looked(
    { elsewhere: { days: [], others: ['v2/'] } },
    { late: [lateDay('2026-11-20', 2)] },
  ),
  'days have other values, as the mapping reads another column': datasetFacts({
    days: ['2026-11-18', '2026-11-19'].map((day) => ({
      ...loadedDay,
      day,
      unusual: unusualBy('has other values', 'mapping'),
    })),
  }),
  'eight days in a row have other values, of which six are told and may be accepted': datasetFacts({
    days: [12, 13, 14, 15, 16, 17, 18, 19].map((date) =>
      loadedOn(date, {
        unusual: unusualBy(`has values of ${date}`, 'values', 'has other values'),
      }),
    ),
  }),
  'six days in a row are late, of which five are told and may be accepted': datasetFacts({
    late: SIX_DAYS.map((day) => lateDay(day, 26)),
  }),
  'six days in a row lost their files, of which five are told and may be accepted': datasetFacts({
    days: SIX_DAYS.map((day) => ({ ...loadedDay, day, missingSince: msAgo(2) })),
  }),
  'six days wait for a run, which is of all': datasetFacts({
    waiting: SIX_DAYS.map((day) => ({ day, words: 'has 2 files', isLacking: true, cure: 'run' })),
  }),
  'four days apart have newer files than were loaded': datasetFacts({ newer: FOUR_APART }),
  'files of four days apart are archived, of which a dataset lacks all': {
    archivedDays: {
      days: FOUR_APART.map((day) => archivedFiles('acme_orders', day, 2, 'a')),
      unlookedUntil: null,
    },
    ...datasetFacts({ lacking: FOUR_APART.map((day) => lackingDay(day, 2)) }),
  },
  'seven days came without rows and left files out, of which three are explained': datasetFacts({
    days: [13, 14, 15, 16, 17, 18, 19].map((date) =>
      loadedOn(date, {
        state: 'succeeded_no_data',
        empty: '1 file, 0 rows',
        unusual: unusualBy('has 1 file, 0 rows', 'rows'),
        leftOut: { count: 2, words: 'left out 2 objects: a.csv, b.csv' },
      }),
    ),
  }),
  ...each(
    [
      { what: 'its values', kind: 'values' },
      { what: 'hours without rows', kind: 'hours' },
      { what: 'times that are shifted', kind: 'shifted' },
      { what: 'rows in hours that no day before had', kind: 'newHours' },
      { what: 'values of another day', kind: 'stale' },
      { what: 'a file that another day has', kind: 'equalFiles' },
      { what: 'rows of another file', kind: 'shared' },
    ] as const,
    ({ what, kind }) => [
      `a day is unusual by ${what}, and in another point`,
      datasetFacts({
        days: [
          {
            ...loadedDay,
            unusual: {
              words: `has ${'long_names, '.repeat(40)}`,
              parts: [
                { kind, short: 'has_what_is_short' },
                { kind: 'days', short: 'has_more' },
              ],
            },
          },
        ],
      }),
    ],
  ),
  'a bucket denies access since another failure ended': looked({
    failure: {
      code: 'SLUICE_SOURCE_ACCESS_DENIED',
      message: 'Denied.',
      since: msAgo(5),
      codeSince: msAgo(3),
      lastGood: msAgo(6),
    },
  }),
  'the ledger has lost all of a dataset': datasetFacts({
    lastLook: null,
    days: [],
    forgotten: ['2026-11-18', '2026-11-19'],
  }),
  'the ledger has lost days, which are told once': datasetFacts({
    forgotten: ['2026-10-18', '2026-10-20'],
    waiting: [{ day: '2026-10-18', words: 'has files', isLacking: true, cure: 'load' }],
  }),
  'days are unusual in two ways': datasetFacts({
    days: (['repeats', 'names', 'names'] as const).map((kind, i) => ({
      ...loadedDay,
      day: `2026-11-1${7 + i}`,
      version: `2026111${8 + i}T081500123Z-1f6c09ab`,
      unusual: unusualBy('differs', kind, `has_${kind}`),
    })),
  }),
  'a folder is empty from which days were loaded': looked(
    { stopped: true, elsewhere: { days: [], others: [] } },
    { days: [{ ...loadedDay, version: '20261119T081500123Z-1f6c09ab' }] },
  ),
  'a key is denied that AWS names, and the configuration does not': {
    ...datasetFacts({ days: [failedBy('SLUICE_SOURCE_KEY_DENIED', KEY_DENIAL)] }),
    ...exportOf(failedBy('SLUICE_EXPORT_KEY_DENIED', KEY_DENIAL)),
  },
  ...each(
    [
      {
        what: 'no policy of the customer’s role allows',
        policy: 'because no identity-based policy allows the s3:PutObject action',
      },
      {
        what: 'no policy of the bucket allows',
        policy: 'because no resource-based policy allows the s3:PutObject action',
      },
      {
        what: 'a permissions boundary denies',
        policy: 'with an explicit deny in a permissions boundary',
      },
    ],
    ({ what, policy }) => [
      `${what} a call of an export`,
      exportOf(
        failedBy(
          'SLUICE_EXPORT_ACCESS_DENIED',
          `The customer's bucket refuses the call: a policy does not allow it, or the bucket is not of \`target.owner\` any more. S3 answers both alike. customers/out/x: AccessDenied: User: arn:aws:sts::222222222222:assumed-role/theirs/sluice is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::customers/out/x" ${policy}.`,
        ),
      ),
    ],
  ),
  ...each(
    [
      { what: 'any encryption', header: ENCRYPTION, wanted: null },
      { what: 'encryption by a key', header: ENCRYPTION, wanted: 'aws:kms' },
      { what: 'encryption in two layers', header: ENCRYPTION, wanted: 'aws:kms:dsse' },
      {
        what: 'encryption by one key',
        header: `${ENCRYPTION}-aws-kms-key-id`,
        wanted: 'arn:aws:kms:eu-central-1:222222222222:key/1',
      },
      {
        what: 'encryption by a key of an account',
        header: `${ENCRYPTION}-aws-kms-key-id`,
        wanted: 'arn:aws:kms:*:222222222222:key/*',
      },
    ],
    ({ what, ...demand }) => [
      `the bucket of an export demands ${what}`,
      {
        ...exportOf(failedBy('SLUICE_EXPORT_ACCESS_DENIED')),
        encryptionDemands: [{ export: 'out', sid: 'The_Statement', ...demand }],
      },
    ],
  ),
  'rows of a day were refused for one reason': datasetFacts({
    days: [
      failedBy(
        'SLUICE_LOAD_ROWS_REFUSED',
        'More rows were refused than the dataset allows. 90 of 90 rows, 1 % allowed: SLUICE_INGEST_ROW_VALUE_INVALID 90 (column "price (net)").',
      ),
    ],
  }),
  'days failed before the lookback and in it, of a dataset, an export and a curated table': {
    ...datasetFacts({
      days: [
        { ...failedDay, day: '2026-11-01' },
        { ...failedDay, failing: { ...ongoingFailure, replaced: NOW } },
      ],
    }),
    ...exportOf({ ...failedDay, day: '2026-11-01' }, failedDay),
    ...curatedWith({
      failed: [
        { day: '2026-11-01', code: 'SLUICE_CURATE_KILLED', message: 'It was killed.', ...ongoingFailure },
      ],
    }),
  },
  'files of versions are gone, whose rows of two days nothing else has': {
    ...datasetFacts({ lacking: lackingOnly('2026-11-17') }),
    ...curatedWith({ lacking: lackingOnly('2026-11-17') }),
  },
  'files of a version were deleted before somebody noticed': {
    ...datasetFacts({ lacking: lackingOnly('2026-11-17') }),
    restorable: [
      { table: 'acme_orders', day: '2026-11-17', files: 1, deletedAt: '2026-11-18T20:07:00.000Z' },
    ],
  },
  'lost files of four days are archived, restored, deleted, or nobody has looked': {
    ...datasetFacts({ lacking: lackingOnly('2026-11-16') }),
    archivedDays: {
      days: [
        archivedFiles('acme_orders', '2026-11-16', 1, 'x'),
        archivedFiles('acme_orders', '2026-11-17', 1, 'x'),
      ],
      unlookedUntil: '2026-11-18',
    },
    restorable: (['2026-11-17', '2026-11-18'] as const).map((day) => ({
      table: 'acme_orders',
      day,
      files: 0,
    })),
  },
};
