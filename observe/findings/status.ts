import type { Deployment } from '../deployment.ts';
import { readStatusFacts, type StatusFacts } from '../facts/statusFacts.ts';
import type { Finding } from './catalogue.ts';
import { judge } from './judge/judge.ts';

/** The state of every part, and what needs attention. */
export interface Status extends StatusFacts {
  /** Whether no problem needs attention; warnings do not count. */
  readonly isWell: boolean;
  /** Problems first, then warnings. */
  readonly problems: readonly Finding[];
}

/**
 * Reads the state of every part and judges it.
 *
 * @throws As `readStatusFacts`.
 */
export async function readStatus(deployment: Deployment): Promise<Status> {
  const facts = await readStatusFacts(deployment);
  const problems = judge(facts, deployment, await deployment.s3.config.region());
  return { ...facts, isWell: problems.every(({ severity }) => severity !== 'problem'), problems };
}
