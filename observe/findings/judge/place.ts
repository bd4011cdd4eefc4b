import type { Deployment } from '../../deployment.ts';
import type { DeploymentCommands } from '../../deploymentCommands.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import type { Finding } from '../catalogue.ts';

/** Failed days and reasons that have a command. */
export const MOST_COMMANDS = 3;

/** The deployment whose facts are judged. */
export type Judged = Pick<Deployment, 'config' | 'stack' | 'localControl' | 'now'>;
/** What judges know besides facts. */
export type Place = Judged & { readonly commands: DeploymentCommands };
/** What a judge finds, in order. */
export type Findings = Generator<Finding>;

/** What a function failed with last, as a sentence; empty if that is not known. */
export function failedAt({ failures }: StatusFacts, part: string): string {
  const why = failures[part];
  return why === undefined ? '' : ` The function ${part} failed last at ${why}`;
}

/** Says how many more days a finding is about than the one that it names. */
export function otherDays(count: number): string {
  return count < 2 ? '' : `; and ${count - 1} other ${count === 2 ? 'day' : 'days'}`;
}
