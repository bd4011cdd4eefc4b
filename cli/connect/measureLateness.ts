import { setTimeout } from 'node:timers/promises';
import { AthenaClient } from '@aws-sdk/client-athena';
import { systemClock } from '../../lib/time/Clock.ts';
import type { DeploymentPlace } from '../aws/deploymentPlace.ts';
import { explainAwsError } from '../aws/explainAwsError.ts';
import { runStatement } from '../aws/runStatement.ts';
import { clientOptions } from './clientOptions.ts';
import type { Deployment } from './Deployment.ts';
import { type Lateness, latenessSql, readLateness } from './lateness.ts';

/** How long the query may take: it reads three columns and the events' identities of some forty days. */
const DEADLINE_MS = 120_000;

/** How late rows came, and what it cost to ask; or why it can't be told. */
export type LatenessAnswer =
  | { readonly seen: readonly Lateness[]; readonly scannedBytes: number }
  | { readonly failed: string };

/** Asks Athena how late rows came. What keeps it from answering is no error: a form can be filled in without. */
export async function measureLateness(
  where: DeploymentPlace,
  { outputs }: Deployment,
): Promise<LatenessAnswer> {
  const { config } = where;
  const client = new AthenaClient(clientOptions(where));
  try {
    const outcome = await runStatement(client, latenessSql(config), {
      workGroup: outputs.get('WorkgroupName') ?? config.athena.workgroup,
      deadlineMs: DEADLINE_MS,
      clock: systemClock,
      wait: setTimeout,
      random: Math.random,
    });
    if ('failed' in outcome) return { failed: outcome.failed };
    const { columns, rows, scannedBytes } = outcome;
    const named = rows.map((row) =>
      Object.fromEntries(columns.map((name, i) => [name, row[i] ?? undefined])),
    );
    return { seen: readLateness(named), scannedBytes };
  } catch (error) {
    const problem = explainAwsError(error);
    if (problem === undefined) throw error;
    return { failed: problem.kind === 'answered' ? problem.detail : problem.error.message };
  } finally {
    client.destroy();
  }
}
