import { describe, expect, it } from '@jest/globals';
import { eventFilter, ignoredReasons, namePatternProblem } from '../../../lib/collect/eventFilter.ts';
import { djb2, experimentNames } from '../../../lib/wire/experimentNames.ts';

const resolve = experimentNames(['hero']);
const none = { deny: [] };

function exposure(kind: string, metadata: unknown) {
  return { eventName: `statsig::${kind}_exposure`, metadata };
}

describe('the filter of events', () => {
  it('is absent without a list, and present with any one list, even an empty one of allowed names', () => {
    expect(eventFilter({ events: none, exposures: none }, resolve)).toBeNull();
    for (const list of [{ deny: ['a'] }, { allow: [], deny: [] }]) {
      expect(eventFilter({ events: list, exposures: none }, resolve)).not.toBeNull();
      expect(eventFilter({ events: none, exposures: list }, resolve)).not.toBeNull();
    }
  });

  it('lets everything pass that has no name, because validation refuses it', () => {
    const filter = eventFilter(
      { events: { allow: [], deny: [] }, exposures: { allow: [], deny: [] } },
      resolve,
    );
    const nameless: readonly unknown[] = [
      null,
      7,
      'text',
      [],
      {},
      { eventName: 5 },
      { eventName: '' },
      exposure('gate', null),
      exposure('gate', 'text'),
      exposure('gate', {}),
      exposure('gate', { gate: '' }),
      exposure('gate', { gate: {} }),
      exposure('gate', { config: 'c' }),
      exposure('config', { gate: 'g' }),
      exposure('layer', { allocatedExperiment: 'hero' }),
    ];
    expect(nameless.filter((event) => filter?.(event) !== null)).toEqual([]);
    expect(filter?.({ eventName: 'e' })).toBe('event_filtered');
    expect(filter?.(exposure('gate', { gate: 'g' }))).toBe('exposure_filtered');
    expect(filter?.(exposure('config', { config: 'c' }))).toBe('exposure_filtered');
  });

  it('looks at custom events and exposures each in their own list', () => {
    const filter = eventFilter({ events: { deny: ['g'] }, exposures: { deny: ['e'] } }, resolve);
    expect(filter?.({ eventName: 'g' })).toBe('event_filtered');
    expect(filter?.({ eventName: 'e' })).toBeNull();
    expect(filter?.(exposure('gate', { gate: 'g' }))).toBeNull();
    expect(filter?.(exposure('gate', { gate: 'e' }))).toBe('exposure_filtered');
  });

  it('knows a layer by its own name and by its experiment, and nothing else by an experiment', () => {
    const filter = eventFilter({ events: none, exposures: { deny: ['hero'] } }, resolve);
    for (const allocatedExperiment of ['hero', djb2('hero')]) {
      expect(filter?.(exposure('layer', { config: 'l', allocatedExperiment }))).toBe('exposure_filtered');
      expect(filter?.(exposure('config', { config: 'l', allocatedExperiment }))).toBeNull();
      expect(filter?.(exposure('gate', { gate: 'l', allocatedExperiment }))).toBeNull();
    }
    for (const allocatedExperiment of ['', null, undefined, 'other']) {
      expect(filter?.(exposure('layer', { config: 'l', allocatedExperiment }))).toBeNull();
      expect(filter?.(exposure('layer', { config: 'hero', allocatedExperiment }))).toBe('exposure_filtered');
    }
  });

  it('matches a pattern with a star at its end by its beginning, and others as a whole, in their case', () => {
    const filter = eventFilter(
      { events: { allow: ['auto::*', 'exact'], deny: ['auto::x*'] }, exposures: none },
      resolve,
    );
    const landing = [
      'auto::',
      'auto::a',
      'exact',
      'Exact',
      'auto::xa',
      'exactly',
      'auto',
      'auto::*',
      '',
    ].filter((eventName) => filter?.({ eventName }) === null);
    expect(landing).toEqual(['auto::', 'auto::a', 'exact', 'auto::*', '']);
  });

  it('lets a layer pass by either of its names, and compares no name that it does not have', () => {
    const passes = (lists: object, metadata: object) =>
      eventFilter(
        { events: none, exposures: { deny: [], ...lists } },
        resolve,
      )?.(exposure('layer', metadata));
    const layer = { config: 'l', allocatedExperiment: 'hero' };
    expect(passes({ allow: ['l'] }, layer)).toBeNull();
    expect(passes({ allow: ['hero'] }, layer)).toBeNull();
    expect(passes({ allow: ['other'] }, layer)).toBe('exposure_filtered');
    for (const allocatedExperiment of [null, '', {}]) {
      expect(passes({ deny: ['x*'] }, { config: 'l', allocatedExperiment })).toBeNull();
      expect(passes({ allow: ['x', ''] }, { config: 'l', allocatedExperiment })).toBe('exposure_filtered');
    }
  });

  it('takes a star elsewhere than at the end for itself', () => {
    const filter = eventFilter({ events: { deny: ['*x'] }, exposures: none }, resolve);
    expect(filter?.({ eventName: '*x' })).toBe('event_filtered');
    expect(filter?.({ eventName: 'ax' })).toBeNull();
  });

  it('has reasons from a closed list', () => {
    expect(ignoredReasons).toEqual(
      expect.arrayContaining([
        'event_filtered',
        'exposure_filtered',
        'exception_report',
        'statsig::diagnostics',
      ]),
    );
  });
});

describe('a name in a list', () => {
  it.each([
    ['events', ' a', '"a", without white space around it'],
    ['exposures', 'a\n', '"a", without white space around it'],
    ['events', 'statsig::gate_exposure', 'a custom event; of exposures'],
    ['events', 'statsig::config_exposure', 'a custom event; of exposures'],
    ['events', 'statsig::layer_exposure', 'a custom event; of exposures'],
    ['exposures', 'statsig::diagnostics', 'a gate, config, experiment or layer'],
    ['exposures', 'statsig::gate_exposure', 'a gate, config, experiment or layer'],
    ['exposures', 'statsig::', 'a gate, config, experiment or layer'],
  ] as const)('of %s that can match nothing has a problem: %j', (list, name, problem) => {
    expect(namePatternProblem(list, name)).toContain(problem);
  });

  it.each([
    ['events', 'a b'],
    ['events', 'statsig::log_line'],
    ['events', 'statsig::gate_exposures'],
    ['events', 'my_statsig::gate_exposure'],
    ['exposures', 'statsig'],
    ['exposures', 'my_statsig::gate'],
  ] as const)('of %s that can match has none: %j', (list, name) => {
    expect(namePatternProblem(list, name)).toBeNull();
  });
});
