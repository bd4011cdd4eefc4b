import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { forwardedTables } from '../../../lib/tables/deliveredTables.ts';
import { djb2 } from '../../../lib/wire/experimentNames.ts';
import { collect, collectOne, exposure, input, now } from './collectOne.ts';

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
    expect(
      exposure('gate', metadata, { secondaryExposures: [{ gate: 's', gateValue: 'true', ruleID: 'x' }] }),
    ).toMatchObject({
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
    expect(exposure('gate', { gate: 'g', gateValue: false, ruleID: 'r1' })).toMatchObject({
      group_id: 'r1:Fail',
      gate_value: false,
      is_manual: false,
    });
  });

  it('of a gate without a value has no group', () => {
    const row = exposure('gate', { gate: 'g', ruleID: 'r1' });
    expect(row).toMatchObject({ rule_id: 'r1', is_assignment: false });
    expect(row).not.toHaveProperty('group_id');
    expect(row).not.toHaveProperty('gate_value');
  });

  it('of a config or experiment becomes a row', () => {
    const row = exposure('config', { config: 'c', ruleID: 'r1', rulePassed: 'true' });
    expect(row).toMatchObject({
      experiment_id: 'c',
      exposure_type: 'config',
      group_id: 'r1',
      is_assignment: true,
    });
    for (const absent of ['secondary_exposures', 'group_name']) expect(row).not.toHaveProperty(absent);
    expect(exposure('config', { config: 'c', ruleID: 'default' })).toMatchObject({ is_assignment: false });
  });

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

  it.each([null, 'text', [], {}, { gate: '' }, { config: 'c' }])(
    'without a name (%p) is refused',
    (metadata) => {
      const { refused, exposures } = collectOne({ eventName: 'statsig::gate_exposure', metadata });
      expect(exposures).toEqual([]);
      expect(refused.map(({ code }) => code)).toEqual(['SLUICE_EVENT_BAD_EXPOSURE']);
    },
  );

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

  describe('of a unit that passed a gate before', () => {
    const passing = (
      name: string,
      metadata: object,
      holdouts: string[] | null,
      gateValue: unknown = 'true',
    ) => {
      const event = {
        eventName: `statsig::${name}_exposure`,
        metadata: { reason: 'Network:Recognized', ruleID: 'r', ...metadata },
        secondaryExposures: [
          { gate: 'plain', gateValue: 'true', ruleID: 'x' },
          { gate: djb2('spring'), gateValue, ruleID: 'r' },
        ],
      };
      return collectOne(event, {}, { config: { holdouts } }).exposures[0] ?? {};
    };

    it.each([
      ['config', { config: 'exp' }],
      ['gate', { gate: 'g', gateValue: 'false' }],
      ['layer', { config: 'l', allocatedExperiment: 'exp' }],
      // Left unparsed or not: the evaluation is the same.
      ['config', { config: 'exp', unknown: 1 }],
    ])('is no assignment of a %s, if that gate is a known holdout (%p)', (name, metadata) => {
      expect(passing(name, metadata, ['spring'])).toMatchObject({ is_assignment: false, rule_id: 'r' });
      expect(passing(name, metadata, ['spring'], true)).toMatchObject({ is_assignment: false });
      expect(passing(name, metadata, ['spring'], 'false')).toMatchObject({ is_assignment: true });
    });

    it('is an assignment if the gate may be a targeting gate', () => {
      for (const holdouts of [null, [], ['autumn']]) {
        expect(passing('config', { config: 'exp' }, holdouts)).toMatchObject({ is_assignment: true });
      }
    });

    it("is evaluated with each batch's own configuration and secondary exposures", () => {
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

  it.each([
    [true, true],
    ['true', true],
    [false, false],
    ['false', false],
    ['', undefined],
    ['yes', undefined],
    [1, undefined],
    [null, undefined],
  ])('has a flag that was sent as %p as %p', (sent, flag) => {
    const layer = { config: 'l', ruleID: 'r', allocatedExperiment: 'homepage_hero' };
    expect(exposure('layer', { ...layer, isExplicitParameter: sent })['is_explicit_parameter']).toBe(flag);
    expect(exposure('gate', { gate: 'g', ruleID: 'r', gateValue: sent })['gate_value']).toBe(flag);
    const manual = exposure('config', { config: 'c', ruleID: 'r', isManualExposure: sent });
    expect(manual['is_manual']).toBe(flag ?? false);
  });

  it('has only the columns of its kind', () => {
    const metadata = {
      gate: 'g',
      config: 'c',
      ruleID: 'r',
      gateValue: 'true',
      allocatedExperiment: 'homepage_hero',
      parameterName: 'p',
      isExplicitParameter: 'true',
    };
    const gate = exposure('gate', metadata);
    const config = exposure('config', metadata);
    const layer = exposure('layer', metadata);
    expect(gate).toMatchObject({ experiment_id: 'g', gate_value: true, group_id: 'r:Pass' });
    expect(config).toMatchObject({ experiment_id: 'c', group_id: 'r' });
    expect(layer).toMatchObject({ experiment_id: 'homepage_hero', group_id: 'r', layer_id: 'c' });
    expect(config).not.toHaveProperty('gate_value');
    expect(layer).not.toHaveProperty('gate_value');
    for (const column of ['layer_id', 'allocated_experiment', 'parameter_name', 'is_explicit_parameter']) {
      expect(gate).not.toHaveProperty(column);
      expect(config).not.toHaveProperty(column);
      expect(layer).toHaveProperty(column);
    }
  });

  it('without a rule has an empty one, which assigns nobody', () => {
    expect(exposure('gate', { gate: 'g', gateValue: 'false' })).toMatchObject({
      rule_id: '',
      group_id: ':Fail',
      is_assignment: false,
    });
  });

  it('keeps its evaluation with redaction of all metadata, and counts a name as unresolved once', () => {
    const privacy = { redact: { metadata: 'drop' }, salt: 'sixteen characters at least' } as const;
    const event = {
      eventName: 'statsig::layer_exposure',
      metadata: { config: 'l', ruleID: 'r', allocatedExperiment: '4222855429', note: 'private' },
    };
    const { exposures, noted } = collectOne(event, {}, { config: { privacy } });
    expect(exposures).toMatchObject([
      {
        experiment_id: '4222855429',
        metadata: '{"allocatedExperiment":"4222855429","config":"l","ruleID":"r"}',
      },
    ]);
    expect(noted).toEqual({ name_unresolved: 1 });
    expect(collectOne({ ...event, metadata: { config: 'l', ruleID: 'r' } }).noted).toEqual({});
  });

  it('keeps the times at which rules were fetched, each of its own', () => {
    const rows = [
      { lcut: 1, receivedAt: 2 },
      { lcut: 3, receivedAt: 4 },
      { lcut: 3 },
      { receivedAt: 4 },
      { lcut: 1, receivedAt: 2 },
      {},
    ].map((times) => ({
      eventName: 'statsig::gate_exposure',
      time: now,
      metadata: {
        gate: 'g',
        ruleID: 'r',
        ...Object.fromEntries(Object.entries(times).map(([name, time]) => [name, String(time)])),
      },
    }));
    const { exposures } = collect({ events: rows });
    expect(exposures.map((row) => JSON.parse(String(row['metadata'])))).toEqual(
      rows.map(({ metadata }) => metadata),
    );
  });

  it('has the columns of the table in order', () => {
    const { documents } = collectOne({
      eventName: 'statsig::gate_exposure',
      metadata: { gate: 'g', gateValue: 'true', ruleID: 'r', reason: 'x', configVersion: '1' },
      secondaryExposures: [{}],
      user: { userID: 'u', customIDs: { companyID: 'c' } },
    });
    const order = [...forwardedTables(defineConfig(input)).exposures.columns.map(({ name }) => name), 'ds'];
    const keys = Object.keys(JSON.parse(documents.exposures[0] ?? '{}'));
    expect(keys).toEqual(order.filter((name) => keys.includes(name)));
  });
});
