import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';
import type { Finding } from '../../../observe/findings/catalogue.ts';
import { judge as judgeFacts } from '../../../observe/findings/judge/judge.ts';
import { judgedDeployment, wellFacts } from '../statusFacts.ts';

/** What `sluice status` finds in {@link judgedDeployment} where these facts differ from {@link wellFacts}. */
export const judge = (facts: Partial<StatusFacts>): readonly Finding[] =>
  judgeFacts({ ...wellFacts, ...facts }, judgedDeployment, 'eu-central-1');
