import { expect, it } from '@jest/globals';
import { backlogText } from '../../cli/observe/statusText.ts';
import { MINUTE_MS } from '../../lib/base/time.ts';
import { backlogMetrics, backlogOf, readWriterBacklog } from '../../observe/facts/flow/waitingObjects.ts';
import { metricClient } from '../harness/metricClient.ts';
import { NOW } from './statusFacts.ts';

/** Values of the queue's metrics, the newest last, by the minute. */
function backlog(visible: number[], taken: number[], came: number[], finished: number[]) {
  const names = backlogMetrics('sluice-prod-write').map(({ id }) => id);
  const series = [visible, taken, came, finished].map((values, i) => {
    const points = values.map((value, j) => [NOW - (values.length - j) * MINUTE_MS, value] as const);
    // CloudWatch tells the newest first.
    return [names[i] ?? '', new Map(points.reverse())] as const;
  });
  const found = backlogOf(new Map(series), NOW);
  return { found, text: found && backlogText(found) };
}

it.each<[string, number[][], object | null]>([
  [
    'is none without messages',
    [
      [7, 0],
      [1, 0],
      [5, 5],
      [4, 4],
    ],
    null,
  ],
  ['is none without metrics, as in a queue that nobody used for hours', [[], [], [], []], null],
  // 100 a minute are finished, and 40 come.
  [
    'ends at the rate of the last half hour',
    [
      [9_000, 4_000],
      [0, 2_000],
      [40, 40],
      [100, 100],
    ],
    { messages: 6_000, perMinute: 60, goneAt: new Date(NOW + 100 * MINUTE_MS).toISOString() },
  ],
  [
    'counts the minutes that SQS told',
    [[0, 900], [], [0, 0, 0], [0, 0, 300]],
    { messages: 900, perMinute: 100, goneAt: new Date(NOW + 9 * MINUTE_MS).toISOString() },
  ],
  [
    'has no end while as many come',
    [[4_000], [0], [100, 100], [100, 100]],
    { messages: 4_000, perMinute: 0, goneAt: null },
  ],
  [
    'has no end while more come',
    [[4_000], [0], [150], [100]],
    { messages: 4_000, perMinute: -50, goneAt: null },
  ],
  [
    'has no known end while none is finished',
    [[3], [1_000], [5, 5], [0, 0]],
    { messages: 1_003, perMinute: null, goneAt: null },
  ],
  [
    'has no known end where SQS does not tell what is finished',
    [[3], [], [], []],
    { messages: 3, perMinute: null, goneAt: null },
  ],
  [
    'that is finished within the period anyway ends, however much comes',
    [[60], [0], [150, 150], [100, 100]],
    { messages: 60, perMinute: 100, goneAt: new Date(NOW + 0.6 * MINUTE_MS).toISOString() },
  ],
])('the backlog of the writer %s', (_, [visible = [], taken = [], came = [], finished = []], expected) => {
  const { found, text } = backlog(visible, taken, came, finished);
  expect(found).toEqual(expected);
  if (found !== null) expect(text).toContain(found.goneAt ?? 'half an hour');
});

it('the backlog of the writer is read of half an hour', async () => {
  const stack = { service: 'sluice', stage: 'prod' };
  const [visible = ''] = backlogMetrics('sluice-prod-write').map(({ metric }) => metric);
  const at = (minutes: number) => {
    const cloudwatch = metricClient({
      [`${visible} Maximum sluice-prod-write`]: [[NOW - minutes * MINUTE_MS, 7]],
    });
    return readWriterBacklog({ cloudwatch, stack, now: NOW });
  };
  expect(await at(30)).toMatchObject({ messages: 7 });
  expect(await at(31)).toBeNull();
});
