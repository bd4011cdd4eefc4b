import { describe, expect, it } from '@jest/globals';
import { madeResources } from './madeResources.ts';

const { Resources } = madeResources().made;
const propertiesOf = (id: string) => JSON.parse(JSON.stringify(Resources[id]?.Properties));

/** Values of metrics by period, oldest first; null is a period without one. */
type Series = readonly (number | null)[];

/**
 * Whether an alarm on an expression of metrics is on: the functions of CloudWatch that Sluice's alarms use, in the periods that it
 * evaluates.
 */
function isOn(id: string, series: Readonly<Record<string, Series>>): boolean {
  const { Metrics, EvaluationPeriods, DatapointsToAlarm = EvaluationPeriods, Threshold } = propertiesOf(id);
  const [{ Expression }] = Metrics.filter((one: { Expression?: string }) => one.Expression !== undefined);
  const code = Expression.replace(/RUNNING_SUM\(FILL\((\w+), 0\)\)/g, 'sum("$1")')
    .replace(/FILL\((\w+), 0\)/g, 'fill("$1")')
    .replaceAll(' AND ', ' && ')
    .replaceAll(' OR ', ' || ');
  const evaluate = new Function('fill', 'sum', 'IF', `return ${code}`);
  const values = Array.from({ length: EvaluationPeriods }, (_, period) => {
    const filled = (name: string) =>
      (series[name] ?? []).slice(-EvaluationPeriods).map((value) => value ?? 0);
    const sum = (name: string) =>
      filled(name)
        .slice(0, period + 1)
        .reduce((total, value) => total + value, 0);
    return evaluate(
      (name: string) => filled(name)[period],
      sum,
      (is: boolean, yes: number, no: number) => (is ? yes : no),
    );
  });
  return values.filter((value) => value >= Threshold).length >= DatapointsToAlarm;
}

describe('the alarms on a stream that does not deliver', () => {
  it('fire when records come in and none is delivered for 45 minutes', () => {
    const on = (arrived: Series, delivered: Series) => isOn('StreamBlockedAlarm', { arrived, delivered });
    const { Metrics, EvaluationPeriods } = propertiesOf('StreamBlockedAlarm');
    expect(EvaluationPeriods * Metrics[1].MetricStat.Period).toBe(2_700);
    expect(on([9, 9, 9], [null, null, null])).toBe(true);
    expect(on([9, 9, 9], [null, null, 4])).toBe(false);
    expect(on([null, null, 9], [null, null, null])).toBe(false);
    expect(on([null, null, null], [null, null, null])).toBe(false);
  });

  it('fire when what came in is not delivered for hours, also once no more comes, until Firehose drops it', () => {
    const { Metrics, EvaluationPeriods } = propertiesOf('StreamStuckAlarm');
    expect(EvaluationPeriods * Metrics[1].MetricStat.Period).toBe(86_400);
    const day = (last: Series): Series => [...Array(24 - last.length).fill(null), ...last];
    const on = (arrived: Series, delivered: Series) =>
      isOn('StreamStuckAlarm', { arrived: day(arrived), delivered: day(delivered) });
    const none: Series = [];
    expect(on([3, ...Array(22).fill(null)], none)).toBe(true);
    expect(on([1, null, null], none)).toBe(true);
    // A record of an hour may be delivered in the next one.
    expect(on([1, null], none)).toBe(false);
    expect(on([1, null, null, null], [null, 1, null, null])).toBe(false);
    expect(on([5, 5, 5, 5, 5, 5], [5, 5, 5, 5, 5, 5])).toBe(false);
    // Traffic that has stopped, all of it delivered; and one record of it that is not.
    expect(on([5, 5, null, null, null, null], [5, 5, null, null, null, null])).toBe(false);
    expect(on([5, 5, null, null, null, null], [5, 4, null, null, null, null])).toBe(true);
    expect(on(none, none)).toBe(false);
  });
});

describe('the alarm on the queue of the writer', () => {
  it('fires for dead letters, and for a message that has waited for more than 25 minutes', () => {
    const on = (dead: number | null, age: number | null) =>
      isOn('WriteQueueAlarm', { dead: [dead], age: [age] });
    expect([on(1, null), on(0, 1_501), on(0, 1_500), on(null, null)]).toEqual([true, true, false, false]);
  });
});
