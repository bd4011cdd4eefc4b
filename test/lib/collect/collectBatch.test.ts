import { describe, expect, it } from '@jest/globals';
import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import { collectBatch } from '../../../lib/collect/rows.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { HEAVY_LENGTH } from '../../../lib/wire/limits.ts';
import { collect, collectOne, input, now, sender } from './collectOne.ts';

describe('telemetry', () => {
  const events = ['diagnostics', 'diagnostics', 'non_exposed_checks', 'session_recording', 'log_line'].map(
    (name) => ({ eventName: `statsig::${name}`, user: null, time: now, metadata: {} }),
  );

  it('is counted by name and not landed', () => {
    const { rows, counted } = collect({ events });
    expect(rows.map((row) => row['event_name'])).toEqual(['statsig::log_line']);
    expect(counted).toEqual({
      'statsig::diagnostics': 2,
      'statsig::non_exposed_checks': 1,
      'statsig::session_recording': 1,
    });
  });

  it('is landed if the configuration says so', () => {
    const { rows, counted } = collect({ events }, { config: { landTelemetry: true } });
    expect(rows).toHaveLength(5);
    expect(counted).toEqual({});
  });
});

describe('the work for a batch', () => {
  const plan = collectPlan(defineConfig(input));
  const list = (length: number) => Array.from({ length }, () => 0);

  it.each([
    { events: 0, exposures: 0, looks: 0 },
    { events: 1, exposures: 0, looks: 1 },
    { events: 16, exposures: 0, looks: 1 },
    { events: 17, exposures: 0, looks: 2 },
    { events: 8, exposures: 8, looks: 1 },
    { events: 8, exposures: 9, looks: 2 },
    { events: 0, exposures: 33, looks: 3 },
  ])(
    'is checked against the clock every 16 events: $events events and $exposures exposures',
    ({ events, exposures, looks }) => {
      let looked = 0;
      const outOfTime = () => {
        looked += 1;
        return false;
      };
      const text = JSON.stringify({ events: list(events), exposures: list(exposures) });
      expect(collectBatch(text, sender, plan, outOfTime).events).toBe(events + exposures);
      expect(looked).toBe(looks);
    },
  );

  const untimely = (text: string) => () => collectBatch(text, sender, plan, () => true);

  it('ends when time is up', () => {
    expect(untimely('{"events":[0]}')).toThrow(
      expect.objectContaining({ code: 'SLUICE_COLLECT_OUT_OF_TIME' }),
    );
  });

  it('is the fault of a body that is costly by itself', () => {
    expect(untimely(`{"events":[0],"x":"${'x'.repeat(HEAVY_LENGTH)}"}`)).toThrow(
      expect.objectContaining({ code: 'SLUICE_BODY_TOO_COSTLY' }),
    );
  });
});

describe('an event that may not land', () => {
  const diagnostics = { eventName: 'statsig::diagnostics', time: now };
  const counted = (config: object) => collectOne(diagnostics, {}, { config }).counted;

  it('is counted as telemetry before a list applies, unless telemetry lands', () => {
    const events = { deny: ['statsig::diagnostics'] };
    expect(counted({ events })).toEqual({ 'statsig::diagnostics': 1 });
    expect(counted({ events, landTelemetry: true })).toEqual({ event_filtered: 1 });
    expect(counted({ events: { deny: ['other'] }, landTelemetry: true })).toEqual({});
  });

  it('is refused by the name of its kind if its key may not send it', () => {
    const gate = { eventName: 'statsig::gate_exposure', metadata: { gate: 'g' } };
    const refusals = (event: object, kinds: readonly ('events' | 'exposures')[]) =>
      collectOne(event, {}, { kinds }).refused.map(({ code, detail }) => [code, detail]);
    expect(refusals({ eventName: 'e' }, ['exposures'])).toEqual([
      ['SLUICE_EVENT_KIND_NOT_ALLOWED', 'It is one of events.'],
    ]);
    expect(refusals(gate, ['events'])).toEqual([
      ['SLUICE_EVENT_KIND_NOT_ALLOWED', 'It is one of exposures.'],
    ]);
    expect(refusals(gate, ['exposures'])).toEqual([]);
  });
});

it.each([
  { body: { events: [0], exposures: [0] }, events: 2 },
  { body: { events: [], exposures: [0] }, events: 1 },
  { body: { events: null, exposures: [0] }, events: 1 },
  { body: { events: [0], exposures: [] }, events: 1 },
  { body: { events: [0], exposures: null }, events: 1 },
  { body: { events: [], exposures: [] }, events: 0 },
])('no part of a batch with events and exposures is lost: $body', ({ body, events }) => {
  const collected = collect(body);
  expect(collected.events).toBe(events);
  expect(collected.refused).toHaveLength(events);
});

it('a body is refused as a whole if what its events share is nested too deeply', () => {
  const statsigMetadata = { a: JSON.parse(`${'['.repeat(64)}${']'.repeat(64)}`) };
  expect(() => collect({ events: [], statsigMetadata })).toThrow(
    expect.objectContaining({ code: 'SLUICE_BODY_WRONG_SHAPE' }),
  );
});
