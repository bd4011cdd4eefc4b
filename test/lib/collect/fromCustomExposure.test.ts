import { describe, expect, it } from '@jest/globals';
import { collect, now } from './collectOne.ts';

/** The row of one item of `/v1/log_custom_exposure`, its JSON columns parsed. */
function rowOf(item: object) {
  const { exposures, refused } = collect({ exposures: [{ user: { userID: 'u' }, time: now, ...item }] });
  expect(exposures).toHaveLength(1);
  expect(refused).toEqual([]);
  const { metadata, statsig_metadata, ...columns } = exposures[0] ?? {};
  return {
    ...columns,
    metadata: JSON.parse(String(metadata)),
    others: statsig_metadata === undefined ? undefined : JSON.parse(String(statsig_metadata)),
  };
}

describe('an item of custom exposures', () => {
  it('is one only in its own list', () => {
    const { rows, exposures } = collect({ events: [{ eventName: 'e', time: now, gateName: 'g' }] });
    expect(rows).toMatchObject([{ event_name: 'e' }]);
    expect(exposures).toEqual([]);
  });

  it('keeps its own metadata beside its fields, which take precedence', () => {
    expect(
      rowOf({
        experimentName: 'exp',
        group: 'Test',
        metadata: { source: 'kiosk', config: 'other', ['__proto__']: 1 },
      }),
    ).toMatchObject({
      experiment_id: 'exp',
      group_id: 'Test',
      metadata: { source: 'kiosk', config: 'exp', group: 'Test', ruleID: 'Test', isManualExposure: 'true' },
    });
    expect(
      rowOf({ gateName: 'g', passes: true, metadata: { ruleID: 'r', gateValue: 'false', list: [1] } }),
    ).toMatchObject({
      experiment_id: 'g',
      group_id: 'r:Pass',
      gate_value: true,
      metadata: { gate: 'g', gateValue: 'true', ruleID: 'r', list: [1] },
    });
    expect(rowOf({ gateName: 'g', metadata: null }).metadata).toEqual({
      gate: 'g',
      ruleID: '',
      isManualExposure: 'true',
    });
  });

  it('keeps every other member, even a gate beside an experiment', () => {
    expect(
      rowOf({ experimentName: 'exp', gateName: 'g', passes: false, ruleID: 'r', note: 'n' }),
    ).toMatchObject({
      experiment_id: 'exp',
      exposure_type: 'config',
      others: { event: { gateName: 'g', passes: false, note: 'n' } },
    });
    expect(rowOf({ experimentName: 'exp', passes: true }).others).toEqual({ event: { passes: true } });
  });

  it.each([
    { what: 'with invalid metadata', item: { experimentName: 'exp', metadata: 'text' } },
    { what: 'that is null', item: null },
    { what: 'that is a number', item: 7 },
  ])('$what is refused unchanged', ({ item }) => {
    const { exposures, refused } = collect({ exposures: [item] });
    expect(exposures).toEqual([]);
    expect(refused.map(({ raw }) => JSON.parse(raw))).toMatchObject([{ exposures: [item] }]);
  });
});
