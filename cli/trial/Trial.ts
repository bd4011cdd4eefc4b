import { randomBytes } from 'node:crypto';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import type { Config, ConfigInput } from '../../lib/schema/config.ts';
import type { Region } from '../../lib/schema/regions.ts';
import { codeRoot, repositoryRoot } from '../../local/dataDirectory.ts';

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
  SLUICE_TRIAL_NO_ANSWER: {
    cause: 'Not the collector answered, but something else or nothing.',
    cure: 'An organization may forbid public URLs, and a proxy may be between: try the other `--endpoint`, or another network.',
  },
  SLUICE_TRIAL_NOT_REMOVED: {
    cause: 'Something of the trial could not be removed.',
    cure: 'CloudFormation still works on it, or your credentials may not delete it. Then run `sluice trial --remove` with the ID again.',
  },
});

/** A trial. */
export interface Trial {
  /** Eight hexadecimal digits. */
  readonly id: string;
  readonly account: string;
  readonly region: Region;
  readonly endpoint: 'http-api' | 'function-url';
  /** What an organization asks of every stack, as the project has it. */
  readonly project: Pick<Config, 'permissionsBoundary' | 'tags'> & {
    readonly existing: Pick<Config['existing'], 'keyArn'>;
  };
}

/** An ID that no other trial has. */
export function newTrialId(): string {
  return randomBytes(4).toString('hex');
}

/** Its stage. */
export function trialStage({ id }: Pick<Trial, 'id'>): string {
  return `trial-${id}`;
}

/** Its stack, with which the name of everything begins. */
export function trialStack(trial: Pick<Trial, 'id'>): string {
  return `sluice-${trialStage(trial)}`;
}

/**
 * Its configuration: nothing in it is of an earlier deployment but a key, and nothing has a name that another one could have.
 *
 * @param architecture Of the functions.
 */
export function trialConfig(trial: Trial, architecture: 'arm64' | 'x86_64') {
  const stack = trialStack(trial);
  const database = stack.replaceAll('-', '_');
  const { permissionsBoundary, tags, existing } = trial.project;
  return {
    permissionsBoundary,
    tags,
    existing: { keyArn: existing.keyArn },
    bucket: stack,
    region: trial.region,
    account: trial.account,
    architecture,
    database,
    athena: { workgroup: stack, stagingDatabase: `${database}_staging` },
    endpoint: { kind: trial.endpoint },
    keysInSecret: true,
    curate: false,
    reconcile: false,
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
  } satisfies ConfigInput;
}

/** Where a trial is on this machine: the folder that it is deployed from, and the log of its deployment. */
export function trialFiles({ id }: Pick<Trial, 'id'>) {
  const service = join(repositoryRoot, '.sluice', 'trial', id);
  return {
    service,
    config: join(service, 'sluice.config.mjs'),
    pid: join(service, 'pid'),
    log: `${service}.log`,
  };
}

/** Writes the folder that a trial is deployed from: a service of its own beside the project's, with a bucket for its drop. */
export async function writeService(trial: Trial, config: ReturnType<typeof trialConfig>): Promise<void> {
  const files = trialFiles(trial);
  const DropBucket = { Type: 'AWS::S3::Bucket', Properties: { BucketName: `${trialStack(trial)}-drops` } };
  const service = {
    service: 'sluice',
    configValidationMode: 'error',
    plugins: ['plugin', 'removable'].map((name) => `./infra/serverless/${name}.cjs`),
    provider: { name: 'aws', stage: trialStage(trial) },
    resources: { Resources: { DropBucket } },
  };
  await mkdir(files.service, { recursive: true });
  // Serverless takes no plugin from outside of the service's folder.
  await symlink(join(codeRoot, 'infra'), join(files.service, 'infra'), 'junction');
  await writeFile(join(files.service, 'serverless.json'), JSON.stringify(service));
  const stages = [trialStage(trial)];
  await writeFile(files.config, `export default ${JSON.stringify({ ...config, stages })};\n`);
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
