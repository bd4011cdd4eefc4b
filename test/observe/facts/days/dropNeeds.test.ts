import { describe, expect, it } from '@jest/globals';
import { exportNeed, needOf } from '../../../../observe/facts/days/dropNeeds.ts';
import { judge } from '../../../../observe/findings/judge/judge.ts';
import { dropCases } from '../../judgeCases/drops.ts';
import { judgedDeployment, wellFacts } from '../../statusFacts.ts';

describe('the need of a dataset or an export', () => {
  it.each(dropCases)('is as severe as the worst of the findings: %s', (_what, more) => {
    const facts = { ...wellFacts, ...more };
    const needs = [...(facts.datasets ?? []).map(needOf), ...(facts.exports ?? []).map(exportNeed)];
    const found = judge(facts, judgedDeployment, 'eu-central-1');
    const worstOf = (severities: readonly (string | null)[]) =>
      ['problem', 'warning'].find((one) => severities.includes(one));
    const worst = worstOf(needs);
    expect(worst).toBeDefined();
    expect(worst).toBe(worstOf(found.map(({ severity }) => severity)));
  });
});
