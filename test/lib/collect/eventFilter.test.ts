import { describe, expect, it } from '@jest/globals';
import {
  eventFilter,
  ignoredReasons,
  type NameLists,
  namePatternProblem,
} from '../../../lib/collect/eventFilter.ts';
import { djb2, experimentNames } from '../../../lib/wire/experimentNames.ts';

const resolve = experimentNames(['hero']);
const none = { deny: [] };

function exposure(kind: 'gate' | 'config' | 'layer', metadata: unknown) {
  return { eventName: `statsig::${kind}_exposure`, metadata };
}

/** Lists of names, of which the denied ones may be left out. */
type Lists = Partial<NameLists>;

/** The filter of these lists, of which one at least has to be there. */
function filterOf({ events = {}, exposures = {} }: { readonly events?: Lists; readonly exposures?: Lists }) {
  const lists = { events: { ...none, ...events }, exposures: { ...none, ...exposures } };
  const filter = eventFilter(lists, resolve);
  if (filter === null) throw new Error('There is no list.');
  return filter;
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
    const filter = filterOf({ events: { allow: [] }, exposures: { allow: [] } });
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
    expect(nameless.filter((event) => filter(event) !== null)).toEqual([]);
    expect(filter({ eventName: 'e' })).toBe('event_filtered');
    expect(filter(exposure('gate', { gate: 'g' }))).toBe('exposure_filtered');
    expect(filter(exposure('config', { config: 'c' }))).toBe('exposure_filtered');
  });

  it('looks at custom events and exposures each in their own list', () => {
    const filter = filterOf({ events: { deny: ['g'] }, exposures: { deny: ['e'] } });
    expect(filter({ eventName: 'g' })).toBe('event_filtered');
    expect(filter({ eventName: 'e' })).toBeNull();
    expect(filter(exposure('gate', { gate: 'g' }))).toBeNull();
    expect(filter(exposure('gate', { gate: 'e' }))).toBe('exposure_filtered');
  });

  it('takes a number or a boolean in an exposure for a name', () => {
    const filter = filterOf({ exposures: { deny: ['7', 'true'] } });
    expect(filter(exposure('gate', { gate: 7 }))).toBe('exposure_filtered');
    expect(filter(exposure('config', { config: true }))).toBe('exposure_filtered');
    expect(filter(exposure('gate', { gate: 8 }))).toBeNull();
  });

  it('knows a layer by its own name and by its experiment, and nothing else by an experiment', () => {
    const filter = filterOf({ exposures: { deny: ['hero'] } });
    for (const allocatedExperiment of ['hero', djb2('hero')]) {
      expect(filter(exposure('layer', { config: 'l', allocatedExperiment }))).toBe('exposure_filtered');
      expect(filter(exposure('config', { config: 'l', allocatedExperiment }))).toBeNull();
      expect(filter(exposure('gate', { gate: 'l', allocatedExperiment }))).toBeNull();
    }
    for (const allocatedExperiment of ['', null, undefined, 'other']) {
      expect(filter(exposure('layer', { config: 'l', allocatedExperiment }))).toBeNull();
      expect(filter(exposure('layer', { config: 'hero', allocatedExperiment }))).toBe('exposure_filtered');
    }
  });

  it('matches a pattern with a star at its end by its beginning, and others as a whole, in their case', () => {
    const filter = filterOf({ events: { allow: ['auto::*', 'exact'] } });
    const names = ['auto::', 'auto::a', 'auto::*', 'Auto::a', 'auto', 'exact', 'Exact', 'exactly'];
    const landing = names.filter((eventName) => filter({ eventName }) === null);
    expect(landing).toEqual(['auto::', 'auto::a', 'auto::*', 'exact']);
  });

  it('lets nothing pass that is denied, even if it is allowed', () => {
    const filter = filterOf({ events: { allow: ['auto::*', 'exact'], deny: ['auto::x*', 'exact'] } });
    const names = ['auto::a', 'auto::xa', 'exact'];
    expect(names.filter((eventName) => filter({ eventName }) === null)).toEqual(['auto::a']);
  });

  it('lets a layer pass by either of its names, and compares no name that it does not have', () => {
    const reasonFor = (exposures: Lists, metadata: object) =>
      filterOf({ exposures })(exposure('layer', metadata));
    const layer = { config: 'l', allocatedExperiment: 'hero' };
    expect(reasonFor({ allow: ['l'] }, layer)).toBeNull();
    expect(reasonFor({ allow: ['hero'] }, layer)).toBeNull();
    expect(reasonFor({ allow: ['other'] }, layer)).toBe('exposure_filtered');
    for (const allocatedExperiment of [null, '', {}]) {
      const alone = { config: 'l', allocatedExperiment };
      expect(reasonFor({ deny: ['x*', ''] }, alone)).toBeNull();
      expect(reasonFor({ allow: ['x', ''] }, alone)).toBe('exposure_filtered');
    }
  });

  it('takes a star elsewhere than at the end for itself', () => {
    const filter = filterOf({ events: { deny: ['*x'] } });
    expect(filter({ eventName: '*x' })).toBe('event_filtered');
    expect(filter({ eventName: 'ax' })).toBeNull();
  });

  it('has reasons from a closed list', () => {
    expect([...ignoredReasons].sort()).toEqual([
      'event_filtered',
      'exception_report',
      'exposure_filtered',
      'statsig::diagnostics',
      'statsig::non_exposed_checks',
      'statsig::session_recording',
    ]);
  });
});

describe('a name in a list', () => {
  it.each([
    { list: 'events', name: ' a', problem: '"a", without white space around it' },
    { list: 'exposures', name: 'a\n', problem: '"a", without white space around it' },
    { list: 'events', name: 'statsig::gate_exposure', problem: 'a custom event; of exposures' },
    { list: 'events', name: 'statsig::config_exposure', problem: 'a custom event; of exposures' },
    { list: 'events', name: 'statsig::layer_exposure', problem: 'a custom event; of exposures' },
    { list: 'exposures', name: 'statsig::diagnostics', problem: 'a gate, config, experiment or layer' },
    { list: 'exposures', name: 'statsig::gate_exposure', problem: 'a gate, config, experiment or layer' },
    { list: 'exposures', name: 'statsig::', problem: 'a gate, config, experiment or layer' },
    { list: 'exposures', name: 'statsig::*', problem: 'a gate, config, experiment or layer' },
  ] as const)('of $list that can match nothing has a problem: $name', ({ list, name, problem }) => {
    expect(namePatternProblem(list, name)).toContain(problem);
  });

  it.each([
    { list: 'events', name: 'a b' },
    { list: 'events', name: 'statsig::*' },
    { list: 'events', name: 'statsig::log_line' },
    { list: 'events', name: 'statsig::gate_exposures' },
    { list: 'events', name: 'my_statsig::gate_exposure' },
    { list: 'exposures', name: 'statsig' },
    { list: 'exposures', name: 'my_statsig::gate' },
  ] as const)('of $list that can match has none: $name', ({ list, name }) => {
    expect(namePatternProblem(list, name)).toBeNull();
  });
});
