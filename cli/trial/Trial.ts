import { randomBytes } from 'node:crypto';
import type { Config, ConfigInput } from '../../lib/schema/config.ts';
import type { Architecture, Region } from '../../lib/schema/regions.ts';

/** What receives the requests of a trial. */
export type TrialEndpoint = 'http-api' | 'function-url';
/** Every {@link TrialEndpoint}. */
export const TRIAL_ENDPOINTS: readonly TrialEndpoint[] = ['http-api', 'function-url'];

/** A deployment of Sluice that is made to ask AWS questions, and is removed. */
export interface Trial {
  /** Eight hexadecimal digits. */
  readonly id: string;
  /** The account of AWS, 12 digits. */
  readonly account: string;
  /** The region in which it is deployed. */
  readonly region: Region;
  /** What receives requests. */
  readonly endpoint: TrialEndpoint;
  /** What an organization requires of every stack, as the project's configuration has it. */
  readonly project: Pick<Config, 'encryption' | 'permissionsBoundary' | 'tags'> & {
    /** The key that encrypts every stack of the organization, if the project has one. */
    readonly existing: Pick<Config['existing'], 'keyArn'>;
  };
}

/** How many datasets without files there are. */
const FILLERS = 30;
/** Characters of the name of the folder of each. */
const FILLER_CHARACTERS = 200;

/** A random ID. */
export function newTrialId(): string {
  return randomBytes(4).toString('hex');
}

/** The stage of a trial. */
export function trialStage({ id }: Pick<Trial, 'id'>): string {
  return `trial-${id}`;
}

/** The stack of a trial. The names of all of its resources begin with it. */
export function trialStack(trial: Pick<Trial, 'id'>): string {
  return `sluice-${trialStage(trial)}`;
}

/** The bucket of a trial's customer. */
export function dropBucket(trial: Pick<Trial, 'id'>): string {
  return `${trialStack(trial)}-drops`;
}

/** The folders of that bucket in which each object has to state this encryption. */
export const ENCRYPTED_FOLDERS = { 'encrypted/': 'AES256', 'encrypted-kms/': 'aws:kms' } as const;

/** The policy of that bucket, as Terraform's S3 module writes both of its statements for a whole bucket. */
export function dropBucketPolicy(trial: Pick<Trial, 'id'>): {
  readonly Version: string;
  readonly Statement: readonly Readonly<Record<string, unknown>>[];
} {
  const header = 's3:x-amz-server-side-encryption';
  const Statement = Object.entries(ENCRYPTED_FOLDERS).flatMap(([folder, encryption]) => {
    const conditions = [{ Null: { [header]: true } }, { StringNotEquals: { [header]: encryption } }];
    return conditions.map((Condition) => ({
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:PutObject',
      Resource: `arn:aws:s3:::${dropBucket(trial)}/${folder}*`,
      Condition,
    }));
  });
  return { Version: '2012-10-17', Statement };
}

/** The configuration of a trial: of the project it has only the encryption, the boundary and the tags. */
export function trialConfig(trial: Trial, architecture: Architecture): ConfigInput {
  const stack = trialStack(trial);
  const database = stack.replaceAll('-', '_');
  const { encryption, permissionsBoundary, tags, existing } = trial.project;
  return {
    encryption,
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
        bucket: dropBucket(trial),
        owner: trial.account,
        settleMinutes: 0,
        datasets: [
          // These datasets get no files. Their permissions fill the inline policy of the load's role, so that those of
          // the last dataset are in a managed policy.
          ...Array.from({ length: FILLERS }, (_, i) => ({
            name: `filler_${i}`,
            kind: 'events' as const,
            folder: `${i}-`.padEnd(FILLER_CHARACTERS, 'f'),
          })),
          {
            name: 'orders',
            kind: 'events',
            mapping: { timestamp: 'at', eventName: 'action', unitIds: { userID: 'uid' } },
          },
        ],
      },
    ],
  };
}
