import { expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../../lib/base/time.ts';
import { readWriterBacklog, type WriterBacklog } from '../../../../observe/facts/flow/writerBacklog.ts';
import { metricClient } from '../../../harness/metricClient.ts';

const NOW = Date.parse('2026-11-20T09:00:00Z');

/** Values of the queue's metrics, a minute each, the newest last, which is of the minute before now. Default none. */
interface QueueMetrics {
  /** Messages that wait. */
  readonly visible?: readonly number[];
  /** Messages that runs of the writer have received. */
  readonly taken?: readonly number[];
  /** Messages that were sent. */
  readonly came?: readonly number[];
  /** Messages that runs have finished. */
  readonly finished?: readonly number[];
}

const backlogOf = ({ visible = [], taken = [], came = [], finished = [] }: QueueMetrics) => {
  // CloudWatch tells the newest first.
  const points = (values: readonly number[]) =>
    values.map((value, i) => [NOW - (values.length - i) * MINUTE_MS, value] as const).reverse();
  const cloudwatch = metricClient({
    'ApproximateNumberOfMessagesVisible Maximum sluice-prod-write': points(visible),
    'ApproximateNumberOfMessagesNotVisible Maximum sluice-prod-write': points(taken),
    'NumberOfMessagesSent Sum sluice-prod-write': points(came),
    'NumberOfMessagesDeleted Sum sluice-prod-write': points(finished),
  });
  return readWriterBacklog({ cloudwatch, stack: { service: 'sluice', stage: 'prod' }, now: NOW });
};

interface BacklogCase {
  readonly what: string;
  readonly metrics: QueueMetrics;
  readonly backlog: WriterBacklog | null;
}

it.each<BacklogCase>([
  {
    what: 'is none without messages',
    metrics: { visible: [7, 0], taken: [1, 0], came: [5, 5], finished: [4, 4] },
    backlog: null,
  },
  { what: 'is none without metrics, as of a queue that nobody used for hours', metrics: {}, backlog: null },
  {
    what: 'ends at the rate by which more are finished than come',
    metrics: { visible: [9_000, 4_000], taken: [0, 2_000], came: [40, 40], finished: [100, 100] },
    backlog: { messages: 6_000, perMinute: 60, goneAt: '2026-11-20T10:40:00.000Z' },
  },
  {
    what: 'ends at the rate of the minutes that SQS told',
    metrics: { visible: [0, 900], came: [0, 0, 0], finished: [0, 0, 300] },
    backlog: { messages: 900, perMinute: 100, goneAt: '2026-11-20T09:09:00.000Z' },
  },
  {
    what: 'has no end while as many come as are finished',
    metrics: { visible: [4_000], taken: [0], came: [100, 100], finished: [100, 100] },
    backlog: { messages: 4_000, perMinute: 0, goneAt: null },
  },
  {
    what: 'has no end while more come than are finished',
    metrics: { visible: [4_000], taken: [0], came: [150], finished: [100] },
    backlog: { messages: 4_000, perMinute: -50, goneAt: null },
  },
  {
    what: 'has no known end while none is finished',
    metrics: { visible: [3], taken: [1_000], came: [5, 5], finished: [0, 0] },
    backlog: { messages: 1_003, perMinute: null, goneAt: null },
  },
  {
    what: 'has no known end where SQS does not tell what is finished',
    metrics: { visible: [3] },
    backlog: { messages: 3, perMinute: null, goneAt: null },
  },
  {
    what: 'ends, however much comes, if as many messages were finished within half an hour',
    metrics: { visible: [200], taken: [0], came: [150, 150], finished: [100, 100] },
    backlog: { messages: 200, perMinute: 100, goneAt: '2026-11-20T09:02:00.000Z' },
  },
  {
    what: 'has no end while more come, if one message more than were finished waits',
    metrics: { visible: [201], taken: [0], came: [150, 150], finished: [100, 100] },
    backlog: { messages: 201, perMinute: -50, goneAt: null },
  },
])('the backlog of the writer $what', async ({ metrics, backlog }) => {
  expect(await backlogOf(metrics)).toEqual(backlog);
});

it.each([
  { what: 'count while no later minute is told', visible: 3, messages: 57 },
  { what: 'are finished, or wait again, in a later minute of what waits', visible: 2, messages: 7 },
])('messages that runs had three minutes ago $what', async ({ visible, messages }) => {
  const cloudwatch = metricClient({
    'ApproximateNumberOfMessagesVisible Maximum sluice-prod-write': [[NOW - visible * MINUTE_MS, 7]],
    'ApproximateNumberOfMessagesNotVisible Maximum sluice-prod-write': [[NOW - 3 * MINUTE_MS, 50]],
  });
  const stack = { service: 'sluice', stage: 'prod' };
  expect(await readWriterBacklog({ cloudwatch, stack, now: NOW })).toMatchObject({ messages });
});

it.each([
  { are: 'are', minutes: 30, backlog: { messages: 7, perMinute: null, goneAt: null } },
  { are: 'are not', minutes: 31, backlog: null },
])('values from $minutes minutes ago $are the backlog', async ({ minutes, backlog }) => {
  const cloudwatch = metricClient({
    'ApproximateNumberOfMessagesVisible Maximum sluice-prod-write': [[NOW - minutes * MINUTE_MS, 7]],
  });
  const stack = { service: 'sluice', stage: 'prod' };
  expect(await readWriterBacklog({ cloudwatch, stack, now: NOW })).toEqual(backlog);
});
