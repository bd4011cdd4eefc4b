import { expect } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';
import type { Finding } from '../../../observe/findings/catalogue.ts';
import { judge as judgeFacts } from '../../../observe/findings/judge/judge.ts';
import { ruleFaults } from '../findingRule.ts';
import { judgedDeployment, wellFacts } from '../statusFacts.ts';

/**
 * What `sluice status` finds in {@link judgedDeployment} where these facts differ from {@link wellFacts}. Each finding is held
 * to the rule of titles, causes and cures.
 *
 * @param configured What the configuration has beside its bucket.
 */
export function judge(
  facts: Partial<StatusFacts>,
  configured: Omit<ConfigInput, 'bucket'> = {},
): readonly Finding[] {
  const deployment = { ...judgedDeployment, config: defineConfig({ bucket: 'acme', ...configured }) };
  const found = judgeFacts({ ...wellFacts, ...facts }, deployment, 'eu-central-1');
  expect(found.flatMap(ruleFaults)).toEqual([]);
  return found;
}
