import { describe, expect, it } from '@jest/globals';
import { djb2 } from '../../../lib/wire/experimentNames.ts';
import type { ExposureKind } from '../../../lib/wire/readEvent.ts';
import { collect, collectOne, exposure, now } from './collectOne.ts';

describe('an exposure', () => {
  it('of a gate becomes a row', () => {
    const metadata = {
      gate: 'g',
      gateValue: 'true',
      ruleID: 'r1',
      reason: 'Network:Recognized',
      configVersion: 3,
      isManualExposure: 'true',
    };
    const secondaryExposures = [{ gate: 's', gateValue: 'true', ruleID: 'x' }];
    expect(exposure('gate', metadata, { secondaryExposures })).toMatchObject({
      experiment_id: 'g',
      exposure_type: 'gate',
      group_id: 'r1:Pass',
      rule_id: 'r1',
      gate_value: true,
      is_assignment: true,
      reason: 'Network:Recognized',
      config_version: '3',
      is_manual: true,
      secondary_exposures: '[{"gate":"s","gateValue":"true","ruleID":"x"}]',
      metadata:
        '{"configVersion":3,"gate":"g","gateValue":"true","isManualExposure":"true","reason":"Network:Recognized","ruleID":"r1"}',
    });
  });

  it('of a gate that the unit does not pass has its group for that', () => {
    const row = exposure('gate', { gate: 'g', gateValue: false, ruleID: 'r1' });
    expect(row).toMatchObject({ group_id: 'r1:Fail', gate_value: false, is_manual: false });
  });

  it('of a gate without a value has no group', () => {
    const row = exposure('gate', { gate: 'g', ruleID: 'r1' });
    expect(row).toMatchObject({ rule_id: 'r1', is_assignment: false });
    expect(row).not.toHaveProperty('group_id');
    expect(row).not.toHaveProperty('gate_value');
  });

  it('of a config becomes a row', () => {
    const row = exposure('config', { config: 'c', ruleID: 'r1', rulePassed: 'true' });
    expect(row).toMatchObject({
      experiment_id: 'c',
      exposure_type: 'config',
      group_id: 'r1',
      is_assignment: true,
    });
    for (const absent of ['secondary_exposures', 'group_name']) expect(row).not.toHaveProperty(absent);
  });

  // The number is djb2 of the name, which is configured.
  it.each(['homepage_hero', '910458283'])(
    'of a layer names the experiment sent as %s',
    (allocatedExperiment) => {
      expect(
        exposure('layer', {
          config: 'homepage',
          ruleID: 'r1',
          allocatedExperiment,
          parameterName: 'headline',
          isExplicitParameter: 'true',
        }),
      ).toMatchObject({
        experiment_id: 'homepage_hero',
        exposure_type: 'layer',
        group_id: 'r1',
        is_assignment: true,
        layer_id: 'homepage',
        allocated_experiment: 'homepage_hero',
        parameter_name: 'headline',
        is_explicit_parameter: true,
      });
    },
  );

  it('of a layer without an experiment is no assignment', () => {
    const metadata = {
      config: 'homepage',
      ruleID: 'r1',
      allocatedExperiment: '',
      isExplicitParameter: 'false',
    };
    const row = exposure('layer', metadata);
    expect(row).toMatchObject({ experiment_id: 'homepage', layer_id: 'homepage', is_assignment: false });
    expect(row).not.toHaveProperty('allocated_experiment');
  });

  it.each([
    { kind: 'gate', what: 'metadata of null', metadata: null },
    { kind: 'gate', what: 'a text', metadata: 'text' },
    { kind: 'gate', what: 'a list', metadata: [] },
    { kind: 'gate', what: 'no members', metadata: {} },
    { kind: 'gate', what: 'an empty name', metadata: { gate: '' } },
    { kind: 'gate', what: 'the name of a config', metadata: { config: 'c' } },
    { kind: 'config', what: 'the name of a gate', metadata: { gate: 'g' } },
    { kind: 'layer', what: 'the name of a gate', metadata: { gate: 'g' } },
  ])('of a $kind with $what in place of its name is refused', ({ kind, metadata }) => {
    const { refused, exposures } = collectOne({ eventName: `statsig::${kind}_exposure`, metadata });
    expect(exposures).toEqual([]);
    expect(refused.map(({ code }) => code)).toEqual(['SLUICE_EVENT_BAD_EXPOSURE']);
  });

  it("can come from the HTTP API's custom exposures", () => {
    const { exposures, refused } = collect({
      user: { userID: 'u' },
      exposures: [
        { experimentName: 'exp', group: 'Test', time: now },
        { gateName: 'g', passes: false, ruleID: 'r', user: { userID: 'v' } },
        { neither: 1 },
      ],
    });
    expect(exposures).toMatchObject([
      { experiment_id: 'exp', group_id: 'Test', group_name: 'Test', is_manual: true, user_id: 'u' },
      { experiment_id: 'g', group_id: 'r:Fail', user_id: 'v', is_manual: true },
    ]);
    expect(refused).toMatchObject([
      { code: 'SLUICE_EVENT_NO_NAME', raw: expect.stringContaining('[{"neither":1}]') },
    ]);
  });

  describe('of a unit that was evaluated for gates before', () => {
    /**
     * The row of an exposure.
     *
     * @param gateValue What the second of two gates answered.
     */
    const passing = (kind: ExposureKind, metadata: object, gateValue: unknown) => {
      const event = {
        eventName: `statsig::${kind}_exposure`,
        metadata: { reason: 'Network:Recognized', ruleID: 'r', ...metadata },
        secondaryExposures: [
          { gate: 'plain', gateValue: 'true', ruleID: 'x' },
          { gate: djb2('spring'), gateValue, ruleID: 'r' },
        ],
      };
      return collectOne(event, {}, { config: { holdouts: ['spring'] } }).exposures[0] ?? {};
    };
    const exposed: readonly {
      readonly what: string;
      readonly kind: ExposureKind;
      readonly metadata: object;
    }[] = [
      { what: 'of a config', kind: 'config', metadata: { config: 'exp' } },
      { what: 'of a gate', kind: 'gate', metadata: { gate: 'g', gateValue: 'false' } },
      { what: 'of a layer', kind: 'layer', metadata: { config: 'l', allocatedExperiment: 'exp' } },
      // It is parsed because of its unknown member; the evaluation is the same.
      { what: 'of a config with an unknown member', kind: 'config', metadata: { config: 'exp', unknown: 1 } },
    ];

    it.each(exposed)('is no assignment if one is a known holdout, $what', ({ kind, metadata }) => {
      for (const passed of ['true', true])
        expect(passing(kind, metadata, passed)['is_assignment']).toBe(false);
    });

    it("is evaluated with each event's own secondary exposures", () => {
      const metadata = { config: 'exp', ruleID: 'r', reason: 'Network:Recognized' };
      const event = (gateValue: string) => ({
        eventName: 'statsig::config_exposure',
        metadata,
        secondaryExposures: [{ gate: 'spring', gateValue, ruleID: 'x' }],
        time: now,
      });
      const events = ['false', 'true', 'false', 'true'].map(event);
      const { exposures } = collect({ events }, { config: { holdouts: ['spring'] } });
      expect(exposures.map((row) => row['is_assignment'])).toEqual([true, false, true, false]);
    });
  });

  const flags = [
    { sent: true, flag: true, manual: true },
    { sent: 'true', flag: true, manual: true },
    { sent: false, flag: false, manual: false },
    { sent: 'false', flag: false, manual: false },
    { sent: '', flag: undefined, manual: false },
    { sent: 'yes', flag: undefined, manual: false },
    { sent: 1, flag: undefined, manual: false },
    { sent: null, flag: undefined, manual: false },
  ];

  it.each(flags)('has the value of a gate that was sent as $sent as $flag', ({ sent, flag }) => {
    const row = exposure('gate', { gate: 'g', ruleID: 'r', gateValue: sent });
    expect([row['experiment_id'], row['gate_value']]).toEqual(['g', flag]);
  });

  it.each(flags)('has whether a parameter is explicit, sent as $sent, as $flag', ({ sent, flag }) => {
    const row = exposure('layer', { config: 'l', ruleID: 'r', isExplicitParameter: sent });
    expect([row['experiment_id'], row['is_explicit_parameter']]).toEqual(['l', flag]);
  });

  it.each(flags)('has whether it is manual, sent as $sent, as $manual', ({ sent, manual }) => {
    const row = exposure('config', { config: 'c', ruleID: 'r', isManualExposure: sent });
    expect(row['is_manual']).toBe(manual);
  });

  it.each([
    { kind: 'gate', columns: ['gate_value'] },
    { kind: 'config', columns: [] },
    {
      kind: 'layer',
      columns: ['layer_id', 'allocated_experiment', 'parameter_name', 'is_explicit_parameter'],
    },
  ])('of a $kind has the columns of its kind, and not those of another', ({ kind, columns }) => {
    const row = exposure(kind, {
      gate: 'g',
      config: 'c',
      ruleID: 'r',
      gateValue: 'true',
      allocatedExperiment: 'homepage_hero',
      parameterName: 'p',
      isExplicitParameter: 'true',
    });
    const own = [
      'gate_value',
      'layer_id',
      'allocated_experiment',
      'parameter_name',
      'is_explicit_parameter',
    ].filter((column) => column in row);
    expect(row['exposure_type']).toBe(kind);
    expect(own).toEqual(columns);
  });

  it('without a rule has an empty one, which assigns nobody', () => {
    expect(exposure('gate', { gate: 'g', gateValue: 'false' })).toMatchObject({
      rule_id: '',
      group_id: ':Fail',
      is_assignment: false,
    });
  });

  it('of an experiment by a hash that nothing resolves is noted', () => {
    const metadata = { config: 'l', ruleID: 'r', allocatedExperiment: '4222855429' };
    const { noted } = collectOne({ eventName: 'statsig::layer_exposure', metadata });
    expect(noted).toEqual({ name_unresolved: 1 });
  });

  it.each(['checkout', undefined])('of the experiment %s is not noted', (allocatedExperiment) => {
    const metadata = { config: 'l', ruleID: 'r', allocatedExperiment };
    const { noted, exposures } = collectOne({ eventName: 'statsig::layer_exposure', metadata });
    expect(exposures).toHaveLength(1);
    expect(noted).toEqual({});
  });

  it('keeps the times at which its own rules were fetched', () => {
    const sent = [
      { lcut: '1', receivedAt: '2' },
      { lcut: '3', receivedAt: '4' },
      { lcut: '3' },
      { receivedAt: '4' },
      { lcut: '1', receivedAt: '2' },
      {},
    ];
    const events = sent.map((times) => ({
      eventName: 'statsig::gate_exposure',
      time: now,
      metadata: { gate: 'g', ruleID: 'r', ...times },
    }));
    expect(collect({ events }).exposures.map((row) => row['metadata'])).toEqual([
      '{"gate":"g","lcut":"1","receivedAt":"2","ruleID":"r"}',
      '{"gate":"g","lcut":"3","receivedAt":"4","ruleID":"r"}',
      '{"gate":"g","lcut":"3","ruleID":"r"}',
      '{"gate":"g","receivedAt":"4","ruleID":"r"}',
      '{"gate":"g","lcut":"1","receivedAt":"2","ruleID":"r"}',
      '{"gate":"g","ruleID":"r"}',
    ]);
  });

  it('has its columns in the order of the table', () => {
    const row = exposure(
      'gate',
      { gate: 'g', gateValue: 'true', ruleID: 'r', reason: 'x', configVersion: '1' },
      { secondaryExposures: [{}], user: { userID: 'u', customIDs: { companyID: 'c' } } },
    );
    expect(Object.keys(row).join(' ')).toBe(
      'event_id experiment_id exposure_type group_id rule_id gate_value is_assignment reason config_version is_manual user_id company_id custom_ids timestamp client_timestamp received_at environment user_dimensions secondary_exposures metadata ds',
    );
  });
});
