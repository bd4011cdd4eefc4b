import { describe, expect, it } from '@jest/globals';
import { collectPlan, planProvider } from '../../../lib/collect/rows/plan.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { mergeGroups } from '../../../lib/groups/groupsTable.ts';
import { KnownGroups } from '../../../lib/groups/KnownGroups.ts';
import { readSpecs } from '../../../lib/groups/readSpecs.ts';
import { djb2, hashedNames } from '../../../lib/wire/experimentNames.ts';
import { experimentSpecs } from '../../harness/experimentSpecs.ts';
import { collectDocuments, input, now, sender } from './collectOne.ts';

const specs = Buffer.from(JSON.stringify(experimentSpecs('running', now)));
const known = new KnownGroups(mergeGroups([], readSpecs(specs).rules, now).rows);
const config = defineConfig(input);
const plan = collectPlan(config, known);

/** What a row says of an exposure. @param gates Its secondary exposures. */
function row(kind: 'gate' | 'config' | 'layer', metadata: object, gates: readonly object[] = [], by = plan) {
  const event = { eventName: `statsig::${kind}_exposure`, time: now, metadata, secondaryExposures: gates };
  // As SDKs send it, and with a space, so that the text is not known already.
  const texts = [JSON.stringify({ events: [event] }), JSON.stringify({ events: [event] }, null, 1)];
  const [first, other] = texts.map((text): Record<string, unknown> => {
    const { exposures } = collectDocuments(text, sender, by).documents;
    return JSON.parse(exposures[0] ?? '{}');
  });
  expect({ ...first, event_id: '' }).toEqual({ ...other, event_id: '' });
  const { experiment_id: experiment, group_name: group, is_assignment: isAssignment } = first ?? {};
  return { experiment, group, isAssignment };
}

/** What a row is to say. */
const judged = (experiment: unknown, group: string | undefined, isAssignment: boolean) => ({
  experiment,
  group,
  isAssignment,
});

describe('an exposure with known groups', () => {
  it('has the name of its group', () => {
    expect(row('config', { config: 'button', ruleID: 'buttonTest' })).toEqual(judged('button', 'Test', true));
    expect(row('config', { config: 'colours', ruleID: 'red' })).toEqual(judged('colours', 'red', true));
    // One that somebody logged with a name keeps it.
    const named = { config: 'button', ruleID: 'buttonTest', group: 'Mine' };
    expect(row('config', named)).toEqual(judged('button', 'Mine', true));
  });

  it('of a layer has its hashed experiment and its group resolved', () => {
    for (const allocatedExperiment of ['hero', ...hashedNames('hero')]) {
      const metadata = { config: 'home', ruleID: 'heroControl', allocatedExperiment };
      expect(row('layer', metadata)).toEqual(judged('hero', 'Control', true));
    }
    expect(row('layer', { config: 'home', ruleID: 'heroControl' })).toEqual(judged('home', undefined, false));
    // A layer may have the name of an experiment.
    expect(row('layer', { config: 'button', ruleID: 'buttonTest' })).toEqual(
      judged('button', undefined, false),
    );
  });

  it.each([
    { config: 'button', ruleID: 'winterHoldoutRule' },
    { config: 'hero', ruleID: 'homeHoldoutRule' },
    { config: 'banner', ruleID: 'bannerTest:userID:id_override' },
  ])(
    'by a rule that is not a group is no assignment, even without a configured holdout: $ruleID of $config',
    ({ config, ruleID }) => {
      expect(row('config', { config, ruleID })).toEqual(judged(config, undefined, false));
    },
  );

  it('of a gate, by a rule that is not a group, is no assignment either', () => {
    const gate = { gate: 'new_checkout', gateValue: 'false', ruleID: 'winterHoldoutRule' };
    expect(row('gate', gate)).toEqual(judged('new_checkout', undefined, false));
  });

  it('by a rule that is a group is an assignment, also behind a holdout, and unless it is overridden locally', () => {
    const gates = [{ gate: 'winter_holdout', gateValue: 'true', ruleID: 'r' }];
    expect(row('config', { config: 'button', ruleID: 'buttonTest' }, gates)).toEqual(
      judged('button', 'Test', true),
    );
    const local = { config: 'button', ruleID: 'buttonTest', reason: 'LocalOverride:Recognized' };
    expect(row('config', local)).toEqual(judged('button', undefined, false));
  });

  it('by an unknown rule is held out with a known holdout, plain or hashed, and otherwise an assignment', () => {
    const metadata = { config: 'button', ruleID: 'new' };
    for (const gate of ['winter_holdout', ...hashedNames('winter_holdout')]) {
      expect(row('config', metadata, [{ gate, gateValue: 'true' }])).toEqual(
        judged('button', undefined, false),
      );
      expect(row('config', metadata, [{ gate, gateValue: 'false' }])).toEqual(
        judged('button', undefined, true),
      );
    }
    expect(row('config', metadata, [{ gate: 'is_european', gateValue: 'true' }])).toEqual(
      judged('button', undefined, true),
    );
    expect(row('config', { config: 'else', ruleID: 'buttonTest' })).toEqual(judged('else', undefined, true));
  });

  it('is evaluated anew as soon as the known groups change', () => {
    const groups = { current: KnownGroups.none };
    const planNow = planProvider(config, groups);
    const first = planNow();
    const metadata = { config: 'home', ruleID: 'heroControl', allocatedExperiment: djb2('hero') };
    expect(row('layer', metadata, [], first)).toEqual(judged(djb2('hero'), undefined, true));
    expect(planNow()).toBe(first);
    groups.current = known;
    expect(row('layer', metadata, [], planNow())).toEqual(judged('hero', 'Control', true));
    expect(planNow()).toBe(planNow());
  });
});
