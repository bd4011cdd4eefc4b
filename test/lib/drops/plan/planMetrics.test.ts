import { expect, it } from '@jest/globals';
import type { PlannedDay } from '../../../../lib/drops/plan/planDataset.ts';
import { countDays, planValues } from '../../../../lib/drops/plan/planMetrics.ts';

const day = (decision: PlannedDay['decision'], more: Partial<PlannedDay> = {}): PlannedDay => ({
  day: '2026-11-19',
  decision,
  files: 1,
  leftOut: 0,
  lastModified: null,
  failed: false,
  isOpen: false,
  ...more,
});

it('counts the days of a dataset by what is done with them, and all objects that they left out', () => {
  const wait = day({ wait: 'marker', until: 0 });
  const failed = day({ skip: 'failed' }, { failed: true });
  const unchanged = day({ skip: 'unchanged' }, { leftOut: 3 });
  expect(
    countDays([day({ queue: 'new' }, { leftOut: 2 }), wait, wait, failed, failed, failed, unchanged]),
  ).toEqual({
    queued: 1,
    waiting: 2,
    failed: 3,
    leftOut: 5,
  });
});

it('has the metrics of all datasets of a run', () => {
  const counts = { queued: 1, waiting: 2, failed: 3, leftOut: 4 };
  const values = planValues([counts, { queued: 10, waiting: 20, failed: 30, leftOut: 40 }], {
    unreadable: 5,
    stopped: 6,
  });
  expect(Object.fromEntries(values.map(([{ name }, value]) => [name, value]))).toEqual({
    days_queued: 11,
    days_waiting: 22,
    days_failed: 33,
    files_left_out: 44,
    datasets_unreadable: 5,
    datasets_stopped: 6,
  });
});
