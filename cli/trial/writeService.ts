import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { awsDataCatalogArns } from '../../lib/access/arns.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { codeRoot, repositoryRoot } from '../../local/dataDirectory.ts';
import {
  catalogPolicy,
  catalogRoleArn,
  dropBucket,
  dropBucketPolicy,
  killedFunction,
  type Trial,
  trialStage,
} from './Trial.ts';

/** The files of a trial on this machine. */
export interface TrialFiles {
  /** The folder that it is deployed from. */
  readonly service: string;
  /** Its configuration. */
  readonly config: string;
  /** The file with the ID of the process that deploys it. */
  readonly pid: string;
  /** The log of its deployment. */
  readonly log: string;
}

/** The files of a trial on this machine: the folder that it is deployed from, and the log of its deployment. */
export function trialFiles({ id }: Pick<Trial, 'id'>): TrialFiles {
  const service = join(repositoryRoot, '.sluice', 'trial', id);
  return {
    service,
    config: join(service, 'sluice.config.mjs'),
    pid: join(service, 'pid'),
    log: `${service}.log`,
  };
}

/** Writes the folder that a trial is deployed from: a service of its own beside the project's, with a bucket for its drop, and a function that is killed. */
export async function writeService(trial: Trial, config: ConfigInput): Promise<void> {
  const files = trialFiles(trial);
  const DropBucket = { Type: 'AWS::S3::Bucket', Properties: { BucketName: dropBucket(trial) } };
  const DropBucketPolicy = {
    Type: 'AWS::S3::BucketPolicy',
    Properties: { Bucket: { Ref: 'DropBucket' }, PolicyDocument: dropBucketPolicy(trial) },
  };
  const KilledFunction = {
    Type: 'AWS::Lambda::Function',
    Properties: {
      FunctionName: killedFunction(trial),
      // The function does not use the role. A role of its own would be one more role that the trial makes.
      Role: { 'Fn::GetAtt': ['RegisterRole', 'Arn'] },
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Timeout: 1,
      Code: { ZipFile: 'exports.handler = () => new Promise((resolve) => setTimeout(resolve, 60_000));' },
    },
  };
  const [RoleName] = catalogRoleArn(trial).split('/').slice(-1);
  const catalogs = awsDataCatalogArns({ ...trial, partition: 'aws' });
  const CatalogRole = {
    Type: 'AWS::IAM::Role',
    Properties: {
      RoleName,
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { AWS: trial.account }, Action: 'sts:AssumeRole' }],
      },
      Policies: [{ PolicyName: 'Catalog', PolicyDocument: catalogPolicy(trial, catalogs) }],
    },
  };
  const service = {
    service: 'sluice',
    configValidationMode: 'error',
    plugins: ['plugin', 'removable'].map((name) => `./infra/serverless/${name}.cjs`),
    provider: { name: 'aws', stage: trialStage(trial) },
    resources: { Resources: { DropBucket, DropBucketPolicy, KilledFunction, CatalogRole } },
  };
  await mkdir(files.service, { recursive: true });
  // Serverless takes no plugin from outside of the service's folder.
  await symlink(join(codeRoot, 'infra'), join(files.service, 'infra'), 'junction');
  await writeFile(join(files.service, 'serverless.json'), JSON.stringify(service));
  const stages = [trialStage(trial)];
  await writeFile(files.config, `export default ${JSON.stringify({ ...config, stages })};\n`);
}
