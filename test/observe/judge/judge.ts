import { expect } from '@jest/globals';
import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';
import type { Finding } from '../../../observe/findings/catalogue.ts';
import { judge as judgeFacts } from '../../../observe/findings/judge/judge.ts';
import { ruleFaults } from '../findingRule.ts';
import { judgedDeployment, wellFacts } from '../statusFacts.ts';

/**
 * What `sluice status` finds in {@link judgedDeployment} where these facts differ from {@link wellFacts}. Each finding is held
 * to the rule of titles, causes and cures.
 */
export function judge(facts: Partial<StatusFacts>): readonly Finding[] {
  const found = judgeFacts({ ...wellFacts, ...facts }, judgedDeployment, 'eu-central-1');
  expect(found.flatMap(ruleFaults)).toEqual([]);
  return found;
}
