import { describe, expect, it } from '@jest/globals';
import { isoTimestamp, MINUTE_MS } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { readFunctionRuns } from '../../../../observe/facts/functions/functionRuns.ts';
import type { IdleFunction } from '../../../../observe/facts/functions/idleFunctions.ts';
import { exportTo } from '../../../harness/configInput.ts';
import { metricClient } from '../../../harness/metricClient.ts';
import { queueClient } from '../../../harness/queueClient.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
/** Minutes of a day. */
const DAY = 1_440;

/** What was counted in the minute that began so many minutes before {@link NOW}. */
type Point = readonly [minutes: number, count: number];

/** What Lambda and SQS count of one function. */
interface Counts {
  /** Runs with an error. */
  readonly errors?: readonly Point[];
  /** Runs that Lambda did not begin. */
  readonly throttled?: readonly Point[];
  /** All runs that have ended. */
  readonly all?: readonly Point[];
  /** The longest run of a minute, milliseconds. */
  readonly took?: readonly Point[];
  /** Messages in each queue, and those that a run has received. Default 3 and 0. */
  readonly queue?: readonly [visible: number, hidden: number];
  /** Minutes since the oldest message was sent. Default: not known. */
  readonly age?: number;
  /** Minutes since the deployment. Default 60; null: not known. */
  readonly deployed?: number | null;
}

/** A function that does not run. */
interface Idle extends Omit<IdleFunction, 'since'> {
  /** Minutes before {@link NOW}. */
  readonly since: number | null;
}

/** Errors and idleness where one function has these counts, and the others none. Times are minutes before {@link NOW}. */
async function runsOf(part: string, counts: Counts) {
  const { errors = [], throttled = [], all = [], took = [], queue = [3, 0], age, deployed = 60 } = counts;
  const timed = (points: readonly Point[]) =>
    points.map(([minutes, count]) => [NOW - minutes * MINUTE_MS, count] as const);
  const name = `sluice-prod-${part}`;
  const cloudwatch = metricClient({
    [`Errors Sum ${name}`]: timed(errors),
    [`Throttles Sum ${name}`]: timed(throttled),
    [`Invocations Sum ${name}`]: timed(all),
    [`Duration Maximum ${name}`]: timed(took),
    ...(age === undefined
      ? {}
      : { [`ApproximateAgeOfOldestMessage Maximum ${name}`]: timed([[1, (age - 1) * 60]]) }),
  });
  const found = await readFunctionRuns(
    {
      cloudwatch,
      sqs: queueClient(queue),
      stack: { service: 'sluice', stage: 'prod' },
      config: defineConfig({ bucket: 'acme', curate: false, exports: [exportTo({}, { schedule: 'daily' })] }),
      now: NOW,
    },
    deployed === null ? null : isoTimestamp(NOW - deployed * MINUTE_MS),
  );
  const minutesAgo = (time: string | null) => (time === null ? null : (NOW - Date.parse(time)) / MINUTE_MS);
  return {
    errors: found.errors.map(({ first, last, waits, ...more }) => {
      const waiting = waits?.messages;
      return {
        ...more,
        first: minutesAgo(first),
        last: minutesAgo(last),
        waiting,
        sent: minutesAgo(waits?.since ?? null),
      };
    }),
    idle: found.idle.map(({ since, ...idle }): Idle => ({ ...idle, since: minutesAgo(since) })),
  };
}

describe('a function with errors', () => {
  const none = { errors: 0, throttled: 0, isOver: false, longestBefore: null, waiting: 3, sent: null };
  it.each<{ what: string; part?: string; counts: Counts; found: object | null }>([
    {
      what: 'and good runs since',
      counts: {
        errors: [
          [10, 1],
          [30, 2],
          [5, 0],
        ],
        all: [
          [9, 4],
          [30, 2],
          [10, 1],
          [8, 0],
        ],
      },
      found: { errors: 3, invocations: 7, first: 30, last: 10, isOver: true },
    },
    {
      what: 'whose last run failed',
      counts: {
        errors: [[10, 1]],
        all: [
          [20, 1],
          [10, 1],
        ],
      },
      found: { errors: 1, invocations: 2, first: 10, last: 10 },
    },
    {
      what: 'that was throttled later',
      counts: { errors: [[10, 1]], throttled: [[5, 6]], all: [[10, 1]] },
      found: { errors: 1, throttled: 6, invocations: 1, first: 10, last: 5 },
    },
    {
      what: 'that began to fail before the day, after runs that failed and good ones',
      counts: {
        errors: [
          [4_000, 1],
          [3_000, 1],
          [1_600, 1],
          [10, 1],
        ],
        all: [
          [3_000, 1],
          [4_000, 1],
          [3_500, 1],
          [2_000, 0],
          [1_600, 1],
          [10, 1],
        ],
        took: [
          [4_000, 900_000],
          [3_600, 7_000],
          [3_500, 12_000],
          [3_000, 900_000],
          [5, 900_000],
        ],
      },
      found: { errors: 1, invocations: 1, first: 3_000, last: 10, longestBefore: 12 },
    },
    {
      what: 'for which a message waits',
      counts: { errors: [[10, 1]], age: 20 },
      found: { errors: 1, invocations: 0, first: 10, last: 10, sent: 20 },
    },
    {
      what: 'a minute within the day',
      counts: { errors: [[DAY - 1, 1]] },
      found: { errors: 1, invocations: 0, first: DAY - 1, last: DAY - 1 },
    },
    { what: 'a day ago', counts: { errors: [[DAY, 1]], all: [[5, 1]] }, found: null },
    {
      what: 'that is throttled alone, whatever failed before',
      counts: { errors: [[3_000, 1]], all: [[3_000, 1]], throttled: [[10, 1]] },
      found: { throttled: 1, invocations: 0, first: 10, last: 10 },
    },
    {
      what: 'without a queue',
      part: 'collect',
      counts: { errors: [[10, 1]] },
      found: { errors: 1, invocations: 0, first: 10, last: 10, waiting: undefined },
    },
  ])('is one $what', async ({ part = 'write', counts, found }) => {
    const { errors } = await runsOf(part, counts);
    expect(errors).toEqual(found === null ? [] : [{ ...none, part, ...found }]);
  });
});

describe('a function that does not run', () => {
  const old = { queue: [0, 0], deployed: 9 * DAY } as const;
  it.each<{ what: string; counts: Counts; idle: readonly Idle[] }>([
    {
      what: 'is one that takes no messages, 20 minutes after the oldest was sent',
      counts: { age: 20, all: [[21, 1]] },
      idle: [{ part: 'write', messages: 3, schedule: 'hourly', since: 20 }],
    },
    { what: 'may have received some', counts: { age: 20, all: [[60, 1]], queue: [3, 1] }, idle: [] },
    { what: 'may run, uncounted, a minute before that', counts: { age: 19, all: [[60, 1]] }, idle: [] },
    { what: 'ran since', counts: { age: 20, all: [[20, 1]] }, idle: [] },
    { what: 'was throttled since', counts: { age: 20, throttled: [[10, 1]] }, idle: [] },
    { what: 'has an empty queue', counts: { age: 20, all: [[60, 1]], queue: [0, 0] }, idle: [] },
    {
      what: 'is one whose schedule asks in vain since its last run',
      counts: {
        ...old,
        all: [
          [121, 1],
          [300, 1],
          [7, 0],
        ],
      },
      // The last run is told to the hour.
      idle: [
        { part: 'register', messages: 0, schedule: 'hourly', since: 12960, hasRun: false },
        { part: 'write', messages: 0, schedule: 'hourly', since: 180, hasRun: true },
        { part: 'export', messages: 0, schedule: 'daily', since: 12960, hasRun: false },
      ],
    },
    {
      what: 'ran two hours ago',
      counts: { ...old, all: [[120, 1]] },
      idle: [
        { part: 'register', messages: 0, schedule: 'hourly', since: 12960, hasRun: false },
        { part: 'export', messages: 0, schedule: 'daily', since: 12960, hasRun: false },
      ],
    },
    { what: 'was deployed two hours ago', counts: { ...old, deployed: 120 }, idle: [] },
    {
      what: 'was deployed before that',
      counts: { ...old, deployed: 121 },
      idle: [
        { part: 'register', messages: 0, schedule: 'hourly', since: 121, hasRun: false },
        { part: 'write', messages: 0, schedule: 'hourly', since: 121, hasRun: false },
      ],
    },
    {
      what: 'was deployed a day and an hour ago',
      counts: { ...old, deployed: DAY + 60 },
      idle: [
        { part: 'register', messages: 0, schedule: 'hourly', since: 1500, hasRun: false },
        { part: 'write', messages: 0, schedule: 'hourly', since: 1500, hasRun: false },
      ],
    },
    {
      what: 'was deployed nobody knows when',
      counts: { ...old, deployed: null },
      idle: [
        { part: 'register', messages: 0, schedule: 'hourly', since: null, hasRun: false },
        { part: 'write', messages: 0, schedule: 'hourly', since: null, hasRun: false },
        { part: 'export', messages: 0, schedule: 'daily', since: null, hasRun: false },
      ],
    },
    { what: 'has messages that were sent just now', counts: { deployed: 9 * DAY }, idle: [] },
  ])('$what', async ({ counts, idle }) => {
    expect((await runsOf('write', counts)).idle).toEqual(idle);
  });
});
