import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sluiceFolder } from '../../lib/config/sluiceFolder.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { codeRoot, projectRoot } from '../../local/roots.ts';
import { dropBucket, dropBucketPolicy, type Trial, trialStage } from './Trial.ts';

/** The files of a trial on this machine. */
interface TrialFiles {
  /** The folder that it is deployed from. */
  readonly service: string;
  /** Its configuration. */
  readonly config: string;
  /** The file with the ID of the process that deploys it. */
  readonly pid: string;
  /** The log of its deployment. */
  readonly log: string;
}

/** Where the files of a trial are on this machine: below `.sluice/trial/`. */
export function trialFiles({ id }: Pick<Trial, 'id'>): TrialFiles {
  const service = sluiceFolder(projectRoot, 'trial', id);
  return {
    service,
    config: join(service, 'sluice.config.mjs'),
    pid: join(service, 'pid'),
    log: `${service}.log`,
  };
}

/** Writes the folder that a trial is deployed from: a service of its own beside the project's, with a bucket for its drop. */
export async function writeService(trial: Trial, config: ConfigInput): Promise<void> {
  const files = trialFiles(trial);
  const DropBucket = { Type: 'AWS::S3::Bucket', Properties: { BucketName: dropBucket(trial) } };
  const DropBucketPolicy = {
    Type: 'AWS::S3::BucketPolicy',
    Properties: { Bucket: { Ref: 'DropBucket' }, PolicyDocument: dropBucketPolicy(trial) },
  };
  const service = {
    service: 'sluice',
    configValidationMode: 'error',
    plugins: ['plugin', 'removable'].map((name) => `./infra/serverless/${name}.cjs`),
    provider: { name: 'aws', stage: trialStage(trial) },
    resources: { Resources: { DropBucket, DropBucketPolicy } },
  };
  await mkdir(files.service, { recursive: true });
  // Serverless takes no plugin from outside of the service's folder.
  await symlink(join(codeRoot, 'infra'), join(files.service, 'infra'), 'junction');
  await writeFile(join(files.service, 'serverless.json'), JSON.stringify(service));
  const stages = [trialStage(trial)];
  await writeFile(files.config, `export default ${JSON.stringify({ ...config, stages })};\n`);
}
