import { defineConfig } from '../../lib/config/defineConfig.ts';
import { type DatasetDays, type DropDay, isOldLook } from '../../observe/facts/days/ledgerDays.ts';
import type { Change } from '../../observe/facts/flow/changes.ts';
import type { DeadLetters, LastFailure } from '../../observe/facts/flow/failures.ts';
import type { LastHour } from '../../observe/facts/flow/requestCounts.ts';
import type { StatusFacts } from '../../observe/facts/statusFacts.ts';

/** The time of the facts, epoch milliseconds. */
export const NOW = Date.UTC(2026, 10, 20, 12);
/** Milliseconds. */
export const HOUR = 3_600_000;
/** The time that many hours before {@link NOW}, ISO 8601. */
export const at = (hoursAgo: number) => new Date(NOW - hoursAgo * HOUR).toISOString();

/** What a function failed with last. */
export const failureOf = (kind: LastFailure['kind'], text: string, hoursAgo = 1): LastFailure => ({
  text: `${at(hoursAgo)}: ${text}`,
  kind,
  code: /^\w+(?=: )/.exec(text)?.[0] ?? null,
  isByKey: false,
});

/** An hour with requests and no failure. */
export const hour: LastHour = {
  requests: 100,
  received: 0,
  landed: 0,
  quarantined: 0,
  overflowed: 0,
  ignored: 0,
  failedBy: {},
  refusedBy: {},
  lastRequestAt: at(0.1),
  lastStoredAt: null,
  failedAt: {},
};
/** A listing without objects. */
export const nothing = { count: 0, bytes: 0, hasMore: false, oldest: null };
const undeleted = { ...nothing, why: null };
/** `damaged/` without objects. */
export const damaged = { ...nothing, rows: 0, first: null };
/** A deployment where all is well, and nothing has been received. */
export const well: StatusFacts = {
  stack: 'sluice-prod',
  isLocal: false,
  at: at(0),
  collector: null,
  lastHour: null,
  lastDay: null,
  spikeFrom: null,
  unreached: [],
  noted: null,
  lastRequestAt: null,
  refusals: null,
  unstored: null,
  keys: { senders: ['9f86'], fault: null, faultKind: null, unreadable: [], changedAt: null },
  keysFailure: null,
  lastEventAt: null,
  tables: [],
  waiting: { buffered: { count: null, oldest: null }, landing: nothing, undeleted, damaged },
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
  archivedDays: { days: [], unlookedUntil: null },
  archivingRules: [],
  versioning: 'Enabled',
  receivedHours: [],
  lastNight: null,
  restorable: [],
  quarantine: [],
  datasets: [],
  exports: [],
  damagedEntries: [],
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
/** A stream in which nothing waits. */
export const stream = {
  stream: 'sluice-prod-landing',
  oldest: null,
  quotaShare: null,
  quota: null,
  throttledRecords: null,
};
/** {@link well} with other facts of what waits. */
export const waiting = (more: Partial<StatusFacts['waiting']>) => ({ waiting: { ...well.waiting, ...more } });
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
} as const;
/** A loaded day of a dataset. */
export const dropDay: DropDay = {
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
  receipt: null,
  failing: null,
};
/** A failure that began 30 hours ago, tried last 2 hours ago. */
export const failing = { since: NOW - 30 * HOUR, last: NOW - 2 * HOUR, waits: false, replaced: undefined };
/** A day of a dataset that fails. */
export const failedDay: DropDay = {
  ...dropDay,
  day: '2026-11-18',
  state: 'failed',
  failure: 'SLUICE_INGEST_X',
  failing,
};
/** What a finding says of {@link failedDay}. */
export const failingText = `2026-11-18 SLUICE_INGEST_X, since ${at(30)}, last tried ${at(2)}.`;
/** A look at a dataset an hour ago. */
export const look = { at: NOW - HOUR, newestDay: null, openDays: [], stopped: false };
const dataset: DatasetDays = {
  source: 'acme',
  dataset: 'orders',
  kind: 'events',
  table: 'acme_orders',
  folder: 's3://acme/orders/',
  place: 's3://acme/orders/YYYY-MM-DD',
  schedule: 'daily',
  lookbackDays: 3,
  firstDay: '2026-11-17',
  lastLook: look,
  isLookOld: false,
  days: [dropDay],
  late: [],
  waiting: [],
  unusual: [],
  unlooked: [],
  newer: [],
  lacking: [],
};
/** An export, as days of exports name it. */
export const exported = {
  export: 'out',
  table: 'statsig_forwarded_events',
  target: 's3://acme/out/',
  firstDay: '2026-11-17',
};
/** {@link well} with one dataset that differs so. */
export const datasets = (more: Partial<DatasetDays>) => {
  const { lastLook = dataset.lastLook, schedule = dataset.schedule } = more;
  return { datasets: [{ ...dataset, ...more, isLookOld: isOldLook(lastLook, schedule, NOW) }] };
};
/** An hour with requests that were refused, by code. */
export const refusedBy = (
  counts: Readonly<Record<string, number>>,
  requests = 100,
): Partial<StatusFacts> => ({
  lastHour: { ...hour, requests, refusedBy: counts },
  lastRequestAt: at(0.1),
});
/** An hour with requests that failed, by code. */
export const failedBy = (counts: Readonly<Record<string, number>>): Partial<StatusFacts> => ({
  lastHour: { ...hour, failedBy: counts },
  lastRequestAt: at(0.1),
});
const change = { first: at(9), last: at(8), hour: 500, usual: 2, day: 700 };
/** 24 hours with requests and no changes. */
export const lastDay = {
  requests: 900,
  refused: 0,
  failed: 0,
  failedBy: {},
  received: 0,
  overflowed: 0,
  usual: null,
  usualHours: [],
  changes: [],
};
/** Who sent what has changed. */
export const sent = { code: null, key: null, sdk: null, first: at(9), last: at(8), skewMs: 0 };
/** 24 hours with changes, each 500 in its busiest hour. */
export const changed = (
  ...changes: readonly (Partial<Change> & Pick<Change, 'what'>)[]
): Partial<StatusFacts> => ({
  lastDay: { ...lastDay, changes: changes.map((members) => ({ ...change, ...members })) },
});
/** What a finding says of a change of {@link changed}. */
export const changedText = (noun: string) =>
  `500 ${noun} in the busiest hour, where 2 are usual, first in the 5 minutes from ${at(9)}, last in those from ${at(8)}; 700 in 24 hours.`;
/** A count of copies. */
export const copies = { count: 3 };
/** Curated days of events, of which none fails. */
export const curated = {
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
};
/** A reason of quarantine with one sender. */
export const quarantineCount = {
  reason: 'SLUICE_EVENT_NO_NAME',
  rows: 2,
  firstAt: at(3),
  newestAt: at(1),
  senders: [{ sdk: 'js-client 3', key: 'web', path: null, rows: 2, firstAt: at(3), lastAt: at(1) }],
};
/** A curated day with rows whose raw file is gone. */
export const keptDay = {
  day: '2026-11-14',
  rows: 7,
  since: '2026-11-16T00:20:00Z',
  gone: ['a.parquet'],
  replaced: [],
  isErased: false,
};
/** A function with errors that have not ended, and messages that wait. */
export const functionErrors = {
  part: 'curate-plan',
  errors: 2,
  throttled: 0,
  invocations: 61,
  first: at(11.6),
  last: at(11),
  isOver: false,
  waits: { messages: 3, since: at(11.7) },
};
/** The writer's dead-letter queue with messages. */
export const deadLetters: DeadLetters = {
  part: 'write',
  queue: 'sluice-prod-write-dead-letters',
  messages: 2,
  since: at(1),
  arn: 'arn:aws:sqs:x:1:sluice-prod-write-dead-letters',
};
/** The commands that tell what throttles a function, and end it. */
export const unthrottled = (part: string) => [
  `aws lambda get-function-concurrency --function-name sluice-prod-${part}`,
  `aws lambda delete-function-concurrency --function-name sluice-prod-${part}`,
  'aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 2000',
];
/** An alarm that has been on for two hours. */
export const alarm = {
  name: 'sluice-prod-overflow',
  description: 'Events overflow: see docs/operate.md, "Requests do not get into the stream"',
  reason: 'Threshold Crossed.',
  since: at(2),
};

/** The deployment of which findings are judged. */
export const place = {
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
  last: at(1),
} as const;
