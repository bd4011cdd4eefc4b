import { HOUR_MS } from '../../lib/base/time.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { isOldLook } from '../../observe/facts/days/datasets.ts';
import type { DatasetDays, DropDay } from '../../observe/facts/days/dropDays.ts';
import type { Unusual, UnusualPart } from '../../observe/facts/days/drops/unusualDays.ts';
import type { Change, LastDay } from '../../observe/facts/flow/changes.ts';
import type { DeadLetters } from '../../observe/facts/flow/failures/deadLetters.ts';
import type { KeysFailure } from '../../observe/facts/flow/failures/keysFailure.ts';
import type { LastFailure } from '../../observe/facts/flow/failures/lastFailure.ts';
import type { LastHour } from '../../observe/facts/flow/requestCounts.ts';
import type { StatusFacts } from '../../observe/facts/statusFacts.ts';
import type { ContentChange } from '../../observe/facts/tables/contentChanges.ts';
import type { Status } from '../../observe/findings/status.ts';

/** One of the facts that are a list. */
type Item<
  Name extends
    | 'alarms'
    | 'bucketFaults'
    | 'curated'
    | 'damagedFiles'
    | 'deniedCalls'
    | 'exports'
    | 'functionErrors'
    | 'quarantine'
    | 'receivedHours'
    | 'restorable'
    | 'stackFaults',
> = NonNullable<StatusFacts[Name]>[number];

/** The time of the facts, epoch milliseconds. */
export const NOW = Date.UTC(2026, 10, 20, 12);
export { HOUR_MS };

/** A time before {@link NOW}, epoch milliseconds. */
export const msAgo = (hours: number): number => NOW - hours * HOUR_MS;

/** A time before {@link NOW}, ISO 8601. */
export const hoursAgo = (hours: number): string => new Date(msAgo(hours)).toISOString();

/** What a function failed with last, of which the log has no code of ours or of AWS. @param age Hours before {@link NOW}. */
export const failureOf = (kind: LastFailure['kind'], text: string, age = 1): LastFailure => ({
  text: `${hoursAgo(age)}: ${text}`,
  kind,
  code: null,
  isByKey: false,
});

/** The same with a code. */
export const codedFailure = (code: string, detail: string, age = 1): LastFailure => ({
  ...failureOf('error', `${code}: ${detail}`, age),
  code,
});

/** With what collectors fail to read the keys' secret, first four hours ago. */
export const keysFailure = (kind: KeysFailure['kind'], error: string): KeysFailure => ({
  text: `${hoursAgo(0.1)}: SLUICE_KEYS_UNAVAILABLE: ${error}.`,
  kind,
  since: hoursAgo(4),
});

/** An hour with requests and no failure. */
export const wellHour: LastHour = {
  requests: 100,
  received: 0,
  landed: 0,
  quarantined: 0,
  overflowed: 0,
  ignored: 0,
  filtered: 0,
  failedBy: {},
  refusedBy: {},
  lastRequestAt: hoursAgo(0.1),
  lastStoredAt: null,
  failedAt: {},
};

/** A listing without objects. */
export const emptyListing = {
  count: 0,
  bytes: 0,
  hasMore: false,
  oldest: null,
} satisfies StatusFacts['waiting']['landing'];
const undeleted = { ...emptyListing, why: null };

/** `damaged/` without objects. */
export const emptyDamaged = {
  ...emptyListing,
  rows: 0,
  isWithoutRows: false,
  first: null,
} satisfies StatusFacts['waiting']['damaged'];

/** A list with one key. */
export const wellKeys = {
  senders: ['9f86'],
  labels: {},
  environments: {},
  fault: null,
  faultKind: null,
  unreadable: [],
  changedAt: null,
} as const;

/** A deployment where all is well, and nothing has been received. */
export const wellFacts: StatusFacts = {
  stack: 'sluice-prod',
  isLocal: false,
  at: hoursAgo(0),
  collector: null,
  lastHour: null,
  lastDay: null,
  spikeFrom: null,
  ignoredFrom: null,
  unreached: [],
  gatewayStatus: null,
  noted: null,
  lastRequestAt: null,
  refusals: null,
  unstored: null,
  keys: wellKeys,
  formerKeys: [],
  keysFailure: null,
  overflowError: null,
  relayAnswer: null,
  unkept: null,
  lostCopies: null,
  unkeptError: null,
  deployedAt: null,
  idleFunctions: [],
  lastEventAt: null,
  tables: [],
  waiting: {
    buffered: { count: null, oldest: null },
    landing: emptyListing,
    undeleted,
    damaged: emptyDamaged,
  },
  writer: null,
  stream: null,
  partitions: { days: 3, gaps: [] },
  stackState: { status: 'UPDATE_COMPLETE', reason: null, since: null },
  undeployed: null,
  stackFaults: [],
  deadLetters: [],
  functionErrors: [],
  failures: {},
  lostDays: [],
  damagedFiles: [],
  erasures: [],
  archivedDays: { days: [], unlookedUntil: null },
  archivingRules: [],
  bucketFaults: [],
  undeliveredHours: [],
  receivedHours: [],
  lastNight: null,
  restorable: [],
  quarantine: [],
  redrivenAt: null,
  datasets: [],
  exports: [],
  damagedEntries: [],
  encryptionDemands: [],
  contentChanges: [],
  earlierEvents: [],
  allowedOrigins: null,
  curated: [],
  relay: null,
  alarms: [],
  key: null,
  keyFailedSince: null,
  deniedCalls: [],
  faults: 0,
  unknown: [],
  scannedBytes: 0,
};

/** No dataset or export. */
export const noDrops = { total: 0, needing: 0, shown: [], others: {}, next: null };

/** Each part that may be unread is. */
export const nothingRead: Partial<StatusFacts> = Object.fromEntries(
  Object.keys(wellFacts)
    .filter(
      (name) => !/^(stack|isLocal|at|waiting|bucketFaults|failures|faults|unknown|scannedBytes)$/.test(name),
    )
    .map((name) => [name, null]),
);

/** The status of {@link wellFacts}. */
export const wellStatus: Status = {
  ...wellFacts,
  isWell: true,
  found: { problem: 0, warning: 0, unchecked: 0 },
  problems: [],
  more: {},
  datasets: noDrops,
  exports: noDrops,
};

/** A stream in which nothing waits. */
export const idleStream = {
  stream: 'sluice-prod-landing',
  oldest: null,
  quotaShare: null,
  quota: null,
  throttledRecords: null,
} satisfies StatusFacts['stream'];

/** {@link wellFacts} with other facts of what waits. */
export const waitingFacts = (more: Partial<StatusFacts['waiting']>): Pick<StatusFacts, 'waiting'> => ({
  waiting: { ...wellFacts.waiting, ...more },
});

/** {@link wellFacts} with so many objects in the landing, the oldest so many hours old. */
export const landingWaits = (count: number, hours: number) =>
  waitingFacts({ landing: { ...emptyListing, count, oldest: hoursAgo(hours) } });

/** A part that could not be read. */
export const unreadPart = (
  part: string,
  kind: StatusFacts['unknown'][number]['kind'] = 'denied',
  why = 'X.',
): StatusFacts['unknown'][number] => ({ part, why, kind, log: null, isByKey: false });

/** A received hour that lacks 30 of 300 accepted events. */
export const shortHour = {
  ds: '2026-11-20',
  hour: 7,
  table_name: 'events',
  accepted: 300,
  finished: 270,
  refused: 0,
  not_delivered: 0,
  waiting_objects: 0,
  missing: 30,
  unproved: 0,
  state: 'short',
  why: null,
  checked_at: '2026-11-21 01:10:00.000',
} as const satisfies Item<'receivedHours'>;

/** A loaded day of a dataset. */
export const loadedDay: DropDay = {
  day: '2026-11-19',
  state: 'succeeded',
  lateSince: null,
  lackingSince: null,
  unusual: null,
  usual: null,
  isAccepted: false,
  hasCopies: false,
  missingSince: null,
  waiting: null,
  requestedAt: null,
  uncommitted: 0,
  rows: { in: 0, out: 0, refused: 0 },
  empty: null,
  files: 1,
  loadedFiles: 1,
  kept: 0,
  leftOut: { count: 0, words: '' },
  version: null,
  loadedFrom: null,
  failure: null,
  failureMessage: null,
  receipt: null,
  failing: null,
};

/** A day that is unusual in one point. @param short The point in few words. Default: as `words`. */
export const unusualBy = (words: string, kind: UnusualPart['kind'], short = words): Unusual => ({
  words,
  parts: [{ kind, short }],
});

/** A loaded day of November 2026, by its date. */
export const loadedOn = (date: number, more: Partial<DropDay> = {}): DropDay => ({
  ...loadedDay,
  day: `2026-11-${String(date).padStart(2, '0')}`,
  ...more,
});

/** A failure that began 30 hours ago, tried last 2 hours ago. */
export const ongoingFailure = {
  since: msAgo(30),
  last: msAgo(2),
  waits: false,
  replaced: undefined,
} satisfies DropDay['failing'];

/** A day of a dataset that fails. */
export const failedDay: DropDay = {
  ...loadedDay,
  day: '2026-11-18',
  state: 'failed',
  failure: 'SLUICE_INGEST_X',
  failing: ongoingFailure,
};

/** {@link failedDay} with another code. */
export const failedBy = (failure: string, failureMessage: string | null = null): DropDay => ({
  ...failedDay,
  failure,
  failureMessage,
});

/** A whole look at a dataset, an hour ago. */
export const hourOldLook = {
  at: msAgo(1),
  newestDay: null,
  openDays: [],
  stopped: false,
} satisfies DatasetDays['lastLook'];

/** A dataset of which one day is loaded, and nothing is wrong. */
const wellDataset: DatasetDays = {
  source: 'acme',
  dataset: 'orders',
  kind: 'events',
  table: 'acme_orders',
  folder: 's3://customers/orders/',
  place: 's3://customers/orders/YYYY-MM-DD',
  schedule: 'daily',
  lookbackDays: 3,
  firstDay: '2026-11-17',
  lastLook: hourOldLook,
  isLookOld: false,
  days: [loadedDay],
  late: [],
  waiting: [],
  unusual: [],
  unlooked: [],
  newer: [],
  lacking: [],
};

/** An export, as days of exports name it. */
export const namedExport = {
  export: 'out',
  table: 'statsig_forwarded_events',
  target: 's3://customers/out/',
  firstDay: '2026-11-17',
} satisfies Partial<Item<'exports'>>;

/**
 * {@link wellFacts} with one dataset that differs so. Its last look is old if the product says so, which depends on the
 * schedule: a test states the time of the look alone.
 */
export const datasetFacts = (more: Partial<DatasetDays>): { readonly datasets: readonly DatasetDays[] } => {
  const { lastLook = wellDataset.lastLook, schedule = wellDataset.schedule } = more;
  return { datasets: [{ ...wellDataset, ...more, isLookOld: isOldLook(lastLook, schedule, NOW) }] };
};

/** {@link wellFacts} with a dataset whose last look differs so. */
export const looked = (
  look: Partial<NonNullable<DatasetDays['lastLook']>>,
  more: Partial<Omit<DatasetDays, 'lastLook'>> = {},
) => datasetFacts({ ...more, lastLook: { ...hourOldLook, ...look } });

/** A day of a dataset that is due since so many hours. @param empty What is there of it, if there are files without rows. */
export const lateDay = (day: DropDay['day'], hours: number, empty?: string): DatasetDays['late'][number] => ({
  day,
  due: msAgo(hours),
  ...(empty !== undefined && { empty }),
});

/** An export with these days. */
export const exportOf = (...days: readonly DropDay[]) => ({ exports: [{ ...namedExport, days }] });

/** A day of events that had three files so many hours ago, and has one. */
export const lostDay = (day: DropDay['day'], hours: number) =>
  ({ table: 'events', day, seenAt: msAgo(hours), files: 3, left: 1 }) as const;

/** An hour with requests that were refused, by code. */
export const refusedRequests = (
  counts: Readonly<Record<string, number>>,
  requests = 100,
): Partial<StatusFacts> => ({
  lastHour: { ...wellHour, requests, refusedBy: counts },
  lastRequestAt: hoursAgo(0.1),
});

/** An hour with requests that failed, by code. */
export const failedRequests = (counts: Readonly<Record<string, number>>): Partial<StatusFacts> => ({
  lastHour: { ...wellHour, failedBy: counts },
  lastRequestAt: hoursAgo(0.1),
});

/** A count that was 2 in an hour and became 500. */
const change = { first: hoursAgo(9), last: hoursAgo(8), hour: 500, usual: 2, day: 700 };

/** 24 hours with requests and no changes. */
export const wellDay = {
  requests: 900,
  refused: 0,
  failed: 0,
  failedBy: {},
  received: 0,
  overflowed: 0,
  usual: null,
  usualHours: [],
  changes: [],
  earlier: { refused: {}, failed: {} },
} satisfies StatusFacts['lastDay'];

/** Who sent what has changed. */
export const requestGroup = {
  code: null,
  key: null,
  sdk: null,
  first: hoursAgo(9),
  last: hoursAgo(8),
  skewMs: 0,
};

/** How many requests failed with a code. */
interface FailedCode {
  readonly code: string;
  readonly count: number;
  /** How many hours ago the first and the last failed. */
  readonly first: number;
  readonly last: number;
}

/** What `failedBy` of a day says of codes. */
export const failedCodes = (...codes: readonly FailedCode[]) =>
  Object.fromEntries(
    codes.map(({ code, count, first, last }) => [
      code,
      { count, first: hoursAgo(first), last: hoursAgo(last) },
    ]),
  );

/** So many requests of a code in the log. */
export const answered = (code: string, count: number, more: object = {}) => ({
  ...requestGroup,
  code,
  count,
  ...more,
});

/** The log of the last 11 hours with these requests. */
export const logged = (...groups: readonly ReturnType<typeof answered>[]) => ({
  groups,
  since: hoursAgo(11),
  hasMore: false,
});

/** 24 hours with changes, each 500 in its busiest hour. */
export const changedRequests = (
  ...changes: readonly (Partial<Change> & Pick<Change, 'what'>)[]
): Partial<StatusFacts> => ({
  lastDay: { ...wellDay, changes: changes.map((members) => ({ ...change, ...members })) },
});

/** Copies that wait for so many hours. */
export const relayWaits = (hours: number, count = 1) => ({
  relay: { waiting: { count, oldest: hoursAgo(hours) }, stranded: null, refused: [], hasMore: false },
});

/** Two copies that were refused two hours ago and kept an hour before, or others. */
export const refusedCopies = (
  reason: string,
  {
    count = 2,
    hours = 2,
    keptHours = hours + 1,
  }: {
    readonly count?: number;
    /** Hours since the first was put aside. */
    readonly hours?: number;
    /** Hours since the oldest was kept. */
    readonly keptHours?: number;
  } = {},
) => ({
  reason,
  count,
  since: hoursAgo(hours),
  oldest: hoursAgo(keptHours),
});

/** {@link refusedCopies}, beside some that have just come. */
export const relayRefused = (...refused: readonly ReturnType<typeof refusedCopies>[]) => ({
  relay: { waiting: { count: 3, oldest: null }, stranded: null, refused, hasMore: false },
});

/** Curated days of events, of which none fails. */
export const curatedTable = {
  kind: 'events' as const,
  table: 'curated_events',
  listed: 30,
  raw: 3,
  failed: [],
  late: [],
  lateSince: null,
  unplanned: [],
  resends: [],
  kept: [],
  accepted: [],
  lacking: [],
} satisfies Item<'curated'>;

/** {@link curatedTable} that differs so. */
export const curatedWith = (more: Partial<Item<'curated'>>) => ({ curated: [{ ...curatedTable, ...more }] });

/** An hour without a request. */
export const silentFacts = { lastHour: { ...wellHour, requests: 0 } };

/** {@link silentFacts}, whose last request came so many hours ago. @param day How the day differs from {@link wellDay}. */
export const silentSince = (hours: number, day: Partial<LastDay>) => ({
  ...silentFacts,
  lastRequestAt: hoursAgo(hours),
  lastDay: { ...wellDay, usual: 0, ...day },
});

/** Hours of the days before, of which the busiest had so many requests. */
export const usualHours = (most: number) => [{ least: 0, median: 0, most }];

/** Curated days from 2026-11-13 on of 1,000 rows, of which so many came again. */
export const resendsOf = (...counts: readonly number[]) => ({
  curated: [
    {
      ...curatedTable,
      resends: counts.map((resends, i) => ({ day: `2026-11-1${i + 3}` as const, rows: 1_000, resends })),
    },
  ],
});

/** A reason of quarantine with one sender. */
export const quarantineCount = {
  reason: 'SLUICE_EVENT_NO_NAME',
  rows: 2,
  firstAt: hoursAgo(3),
  newestAt: hoursAgo(1),
  senders: [
    { sdk: 'js-client 3', key: 'web', path: null, rows: 2, firstAt: hoursAgo(3), lastAt: hoursAgo(1) },
  ],
} satisfies Item<'quarantine'>;

/** A curated day with rows whose raw file is gone. */
export const keptDay = {
  day: '2026-11-14',
  rows: 7,
  since: '2026-11-16T00:20:00Z',
  gone: ['a.parquet'],
  replaced: [],
  isErased: false,
} satisfies Item<'curated'>['kept'][number];

/** The notifications of the bucket are off, but for what differs. */
export const bucketFault = (
  fault: Pick<Item<'bucketFaults'>, 'name' | 'points'> & Partial<Item<'bucketFaults'>>,
): Item<'bucketFaults'> => ({
  why: '',
  repair: ['s3api', 'x'],
  isEarly: false,
  ...fault,
});

/** Files of a day of events of which S3 has versions. @param rows How many rows they have. */
export const versionsOf = (day: DropDay['day'], files: number, rows: number): Item<'restorable'> => ({
  table: 'statsig_forwarded_events',
  day,
  files,
  rows,
  deletedAt: hoursAgo(1.5),
});

/** Files of a day of events of which S3 has no version. */
export const noVersionsOf = (day: DropDay['day']): Item<'restorable'> => ({
  table: 'statsig_forwarded_events',
  day,
  files: 0,
});

/** Files of a version of a day, which were archived so many hours ago. */
export const archivedFiles = (
  table: string,
  day: DropDay['day'],
  hours: number,
  ...files: readonly string[]
) => ({
  table,
  day,
  since: msAgo(hours),
  keys: files.map((file) => `statsig/ingested/${table}/${day}/v/${file}`),
});

/** A day whose version lacks files since so many hours, and whose rows another place has. */
export const lackingDay = (day: DropDay['day'], hours: number) => ({
  day,
  since: msAgo(hours),
  isOnly: false,
});

/** The partition of a day points to another place since so many hours. */
export const pointsElsewhere = (place: string, hours: number) => ({
  elsewhere: { location: `s3://old/${place}/`, madeAt: hoursAgo(hours) },
});

/** A day with rows that has no partition. @param more Of {@link pointsElsewhere}: it has one. */
export const unreadDay = (
  day: DropDay['day'],
  rows: number,
  more: Partial<ReturnType<typeof pointsElsewhere>> = {},
) => ({ day, location: `s3://acme/v/${day}/`, rows, ...more });

/** An object of events that is no Parquet, since so many hours. */
export const damagedFile = (
  day: DropDay['day'],
  key: string,
  hours: number,
  strayVersions: readonly string[] | null = null,
): Item<'damagedFiles'> => ({ table: 'events', day, key, replacedAt: hoursAgo(hours), strayVersions });

/** A table that is gone from the catalog. */
export const missingResource = {
  what: 'table',
  name: 'events',
  part: 'the tables of the catalog',
  differs: null,
  changedAt: null,
  deployedAt: hoursAgo(99),
  isDeployed: true,
  isOtherRelease: false,
  repair: [['glue', 'create-table']],
} as const satisfies Item<'stackFaults'>;

/** No times of events that the collector noted. */
export const notedTimes = {
  counts: {},
  hasMore: false,
  before2000: [],
  corrected: [],
  uncorrected: [],
  ahead: [],
  late: [],
} satisfies StatusFacts['noted'];

/** An hour, so long ago, of whose requests some got no answer of the collector until its half. */
export const unreachedHour = (
  kind: '4xx' | '5xx',
  age: number,
  count: number,
  of: number,
): NonNullable<StatusFacts['unreached']>[number] => ({
  kind,
  hour: hoursAgo(age),
  count,
  of,
  first: hoursAgo(age),
  last: hoursAgo(age - 0.5),
});

/** Hours in which half of 100 requests got no answer of the collector, by how long ago each was. */
export const unreachedAt = (kind: '4xx' | '5xx', ...hours: readonly number[]) => ({
  unreached: hours.map((age) => unreachedHour(kind, age, 50, 100)),
});

/** A name of events that stays away. */
export const missingChange: ContentChange = {
  table: 'events',
  what: 'event',
  kind: 'less',
  subject: '',
  value: '',
  field: null,
  label: null,
  times: 0,
  sdk: null,
  count: 0,
  of: 0,
  usual: 0,
  mean: 0,
  days: 7,
  since: hoursAgo(30),
};

/** Events of an SDK without a user. */
export const moreChange: ContentChange = {
  ...missingChange,
  what: 'unit',
  kind: 'more',
  subject: 'js-client',
  value: 'absent',
  count: 640,
  of: 800,
  usual: 0.123,
  days: 3,
  since: hoursAgo(9),
};

/** A function with errors that have not ended, and messages that wait. */
export const functionErrors = {
  part: 'curate-plan',
  errors: 2,
  throttled: 0,
  invocations: 61,
  first: hoursAgo(11.6),
  longestBefore: 12.3,
  last: hoursAgo(11),
  isOver: false,
  waits: { messages: 3, since: hoursAgo(11.7) },
} satisfies Item<'functionErrors'>;

/** {@link functionErrors} of a function, which differ so. */
export const failing = (part: string, more: Partial<Item<'functionErrors'>> = {}) => ({
  functionErrors: [{ ...functionErrors, part, ...more }],
});

/** Errors of a function for which nothing waits, the first and the last so many hours ago. */
export const errorsOf = (part: string, first: number, last: number) => ({
  ...functionErrors,
  part,
  first: hoursAgo(first),
  last: hoursAgo(last),
  waits: null,
});

/** A key that can be used. */
export const wellKey = {
  Arn: 'key/a',
  KeyState: 'Enabled',
  KeySpec: 'SYMMETRIC_DEFAULT',
  KeyUsage: 'ENCRYPT_DECRYPT',
} as const;

/** The writer's dead-letter queue with messages. */
export const deadLetters: DeadLetters = {
  part: 'write',
  queue: 'sluice-prod-write-dead-letters',
  messages: 2,
  since: hoursAgo(1),
  arn: 'arn:aws:sqs:x:1:sluice-prod-write-dead-letters',
};

/** An alarm that has been on for two hours. */
export const ringingAlarm = {
  name: 'sluice-prod-overflow',
  description: 'Events overflow: see docs/operate.md, "Requests do not get into the stream"',
  reason: 'Threshold Crossed.',
  since: hoursAgo(2),
} satisfies Partial<Item<'alarms'>>;

/** Alarms of these names, which are on and notify somebody. */
export const ringing = (...names: readonly string[]) =>
  names.map((name) => ({
    ...ringingAlarm,
    name: `sluice-prod-${name}`,
    state: 'ALARM' as const,
    notifies: true,
  }));

/** The deployment of which findings are judged, at {@link NOW}. */
export const judgedDeployment = {
  config: defineConfig({ bucket: 'acme' }),
  stack: { service: 'sluice', stage: 'prod' },
  localControl: undefined,
  now: NOW,
};

/** Denied calls of a function, of which the log has more than was read, by a policy that nobody has found. */
export const deniedCalls = {
  part: 'write',
  role: 'arn:aws:iam::1:role/sluice-prod-WriteRole-1',
  action: 's3:PutObject',
  resource: 'arn:aws:s3:::acme/x',
  by: 'explicit',
  statements: null,
  repair: null,
  count: 9,
  hasMore: true,
  first: null,
  last: hoursAgo(1),
} as const satisfies Item<'deniedCalls'>;
