import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { isRegion } from '../../lib/schema/regions.ts';
import { codeRoot, repositoryRoot } from '../../local/dataDirectory.ts';
import { costOfMonth } from '../../observe/cost.ts';
import { queryCost } from '../../observe/prices.ts';
import { UsageError } from '../terminal/commandLine.ts';

/** Errors of `sluice trial`. */
export const TrialError = defineErrorFamily('user', {
  SLUICE_TRIAL_ACCOUNT_UNFIT: {
    cause: 'The account is not ready for a deployment. Nothing was made.',
    cure: 'Do what the findings above say, and run the trial again.',
  },
  SLUICE_TRIAL_DEPLOY_FAILED: {
    cause: 'The deployment failed.',
    cure: 'docs/deploy.md has each known message with its cure, and the log has all of them. Attach both to an issue, without account numbers.',
  },
  SLUICE_TRIAL_ELSEWHERE: {
    cause: 'The trial belongs to another account or region. Nothing was deleted.',
    cure: 'Use the credentials with which it was started.',
  },
  SLUICE_TRIAL_NOT_REMOVED: {
    cause: 'Something of the trial could not be removed.',
    cure: 'Look at what the detail names: CloudFormation still works on it, it has what is not of the trial, or your credentials may not delete it. Then run `sluice trial --remove` with the ID again.',
  },
});

/** What is known of a trial: the file `.sluice/trial/<id>.json`, written before the first call that makes something. */
const trialSchema = z.object({
  /** Eight hexadecimal digits. */
  id: z.string().regex(/^[0-9a-f]{8}$/),
  account: z.string(),
  region: z.string().refine(isRegion),
  endpoint: z.enum(['http-api', 'function-url']),
  startedAt: z.iso.datetime(),
  /** ARN of the stack, once CloudFormation has one. */
  stackId: z.string().nullable(),
});

/** A trial, as its state file has it. */
export type Trial = Readonly<z.output<typeof trialSchema>>;

/** A trial that is to begin. */
export function newTrial(of: Pick<Trial, 'account' | 'region' | 'endpoint'>, now: number): Trial {
  const id = randomBytes(4).toString('hex');
  return { ...of, id, startedAt: new Date(now).toISOString(), stackId: null };
}

/** Its stage, which Serverless also gives everything that can have tags, as `STAGE`. */
export function trialStage({ id }: Pick<Trial, 'id'>): string {
  return `trial-${id}`;
}

/** Its stack, with which the name of everything begins. */
export function trialStack(trial: Pick<Trial, 'id'>): string {
  return `sluice-${trialStage(trial)}`;
}

/**
 * Its configuration: nothing in it is of an earlier deployment, and nothing has a name that another one could have.
 *
 * @param architecture Of the functions.
 */
export function trialConfig(trial: Trial, architecture: 'arm64' | 'x86_64') {
  const stack = trialStack(trial);
  const database = stack.replaceAll('-', '_');
  return {
    ...{ bucket: stack, region: trial.region, account: trial.account, architecture },
    ...{ database, athena: { workgroup: stack, stagingDatabase: `${database}_staging` } },
    endpoint: { kind: trial.endpoint },
    keysInSecret: true,
    curate: false,
    stages: [trialStage(trial)],
    sources: [
      {
        name: 'trial',
        bucket: `${stack}-drops`,
        owner: trial.account,
        settleMinutes: 0,
        datasets: [
          {
            name: 'orders',
            kind: 'events',
            mapping: { timestamp: 'at', eventName: 'action', unitIds: { userID: 'uid' } },
          },
        ],
      },
    ],
  } satisfies ConfigInput & { readonly stages: readonly string[] };
}

const root = join(repositoryRoot, '.sluice', 'trial');

/** Where a trial is kept: its state, the folder that it is deployed from, and the log of its deployment. */
export function trialFiles({ id }: Pick<Trial, 'id'>) {
  const service = join(root, id);
  const config = join(service, 'sluice.config.mjs');
  return { state: join(root, `${id}.json`), service, config, log: join(root, `${id}.log`) };
}

/** Writes what is known of a trial, in place of what was. */
export async function writeTrial(trial: Trial): Promise<void> {
  const { state } = trialFiles(trial);
  await mkdir(root, { recursive: true, mode: 0o700 });
  await writeFile(`${state}.tmp`, `${JSON.stringify(trial)}\n`, { mode: 0o600 });
  await rename(`${state}.tmp`, state);
}

/** @throws UsageError for a text that is not the ID of a trial with a state. */
export async function readTrial(id: string): Promise<Trial> {
  const { state } = trialFiles({ id });
  if (!/^[0-9a-f]{8}$/.test(id) || !existsSync(state))
    throw new UsageError(
      'SLUICE_USAGE_OPTIONS',
      `--remove: got ${id}, expected a trial whose state is in ${root}.`,
    );
  return trialSchema.parse(JSON.parse(await readFile(state, 'utf8')));
}

/** Writes the folder that a trial is deployed from: a service of its own beside the project's, with a bucket for its drop. */
export async function writeService(trial: Trial, config: ReturnType<typeof trialConfig>): Promise<void> {
  const files = trialFiles(trial);
  const DropBucket = { Type: 'AWS::S3::Bucket', Properties: { BucketName: `${trialStack(trial)}-drops` } };
  const service = {
    ...{ service: 'sluice', configValidationMode: 'error', plugins: ['./infra/serverless/plugin.cjs'] },
    provider: { name: 'aws', stage: trialStage(trial) },
    resources: { Resources: { DropBucket } },
  };
  await mkdir(files.service, { recursive: true });
  // Serverless takes no plugin from outside of the service's folder.
  await symlink(join(codeRoot, 'infra'), join(files.service, 'infra'), 'junction');
  await writeFile(join(files.service, 'serverless.json'), JSON.stringify(service));
  await writeFile(files.config, `export default ${JSON.stringify(config)};\n`);
}

/** Forgets a trial that has left nothing. Its log stays. */
export async function forgetTrial(trial: Trial): Promise<void> {
  const { state, service } = trialFiles(trial);
  await rm(service, { recursive: true, force: true });
  await rm(state, { force: true });
}

/** The steps of a trial, and how long each takes on AWS, seconds. Nobody has measured them there. */
export const EXPECTED_SECONDS = {
  look: 20,
  deploy: 360,
  key: 40,
  probe: 360,
  drop: 180,
  alarm: 240,
  remove: 300,
} as const;

/** A step of a trial. */
export type StepName = keyof typeof EXPECTED_SECONDS;

const HOURS = 30 * 24;

/**
 * USD at list prices (observe/prices.ts): of what stands, by the hour, which is billed by the part of an hour or of a month,
 * and of queries.
 */
export function trialUsd({ endpoint }: Pick<Trial, 'endpoint'>, seconds: number, queries: number): number {
  const { usd_per_month: month } = costOfMonth({
    ...{ eventsPerMonth: 1_000, eventsPerRequest: 1, daysKept: 1, endpoint },
  });
  return (month / HOURS) * (seconds / 3_600) + queries * queryCost(0);
}
