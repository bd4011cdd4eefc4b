import { readFile } from 'node:fs/promises';
import {
  DeleteStackCommand,
  DescribeStacksCommand,
  paginateListStackResources,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import { DeleteBucketCommand, DeleteObjectsCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { partialAnswers } from '../../lib/aws/partialAnswers.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { type DoctorClients, openClients } from '../../observe/doctor/clients.ts';
import { ifThere } from '../../observe/ifThere.ts';
import { describeProcess } from '../runNode.mjs';
import { poll } from './Answer.ts';
import { type Trial, trialStack, trialStage } from './Trial.ts';
import { TrialError } from './TrialError.ts';
import { trialFiles } from './writeService.ts';

/** The longest that CloudFormation may work on a stack, milliseconds. */
const STACK_MS = 1_800_000;
/** Milliseconds between two looks at the stack. */
const LOOK_MS = 5_000;
/**
 * How often a stack is deleted, at most. The first time, CloudFormation leaves buckets that have objects, but deletes
 * what writes to them.
 */
const ROUNDS = 3;

/** What a removal has done. */
export interface Removal {
  /** How many resources of the stack are gone. */
  readonly deleted: number;
  /** What is still there, and why. */
  readonly left: readonly string[];
}

/** The clients of a removal. */
type Clients = Pick<DoctorClients, 'cloudFormation'>;

/**
 * Deletes a trial's stack, of which nothing is retained (infra/serverless/removable.cjs), and its buckets with their
 * objects. It can be repeated.
 *
 * @param onProgress Is called with each step.
 * @throws TrialError `SLUICE_TRIAL_NOT_REMOVED`; what CloudFormation's and S3's clients throw.
 */
export async function removeTrial(
  { aws, s3, wait, clock }: Pick<Deployment, 'aws' | 's3' | 'wait' | 'clock'>,
  trial: Pick<Trial, 'id'>,
  onProgress: (step: string) => void,
): Promise<Removal> {
  const clients = openClients(aws);
  try {
    const StackName = await findStack(clients, trial);
    if (StackName === null) return { deleted: 0, left: [] };
    onProgress('waiting for CloudFormation');
    await atRest({ wait, clock }, clients, StackName);
    const before = await stackResources(clients, StackName);
    const buckets = before.flatMap(({ ResourceType, PhysicalResourceId: name = '' }) =>
      ResourceType === 'AWS::S3::Bucket' && name.startsWith(trialStack(trial)) ? [name] : [],
    );
    for (let round = 1; ; round += 1) {
      onProgress('removing the stack');
      await clients.cloudFormation.send(new DeleteStackCommand({ StackName }));
      const status = await atRest({ wait, clock }, clients, StackName);
      onProgress('removing its buckets');
      for (const bucket of buckets)
        await ifThere(removeBucket(s3, bucket), /^(NoSuchBucket|BucketNotEmpty)$/);
      if (status === 'DELETE_COMPLETE') return { deleted: before.length, left: [] };
      const remaining = await stackResources(clients, StackName);
      if (round === ROUNDS)
        return { deleted: before.length - remaining.length, left: remaining.map(leftText) };
    }
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
}

/**
 * Ends the deployment of a trial that was killed: its process is in a group of its own.
 *
 * @throws Error of the system if its number cannot be read, or if it may not be ended, as another user's.
 */
export async function endDeployment(trial: Pick<Trial, 'id'>): Promise<void> {
  const written = await readFile(trialFiles(trial).pid, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (written === null) return;
  const pid = Number(written);
  if (describeProcess(pid).command.includes(trialStage(trial))) process.kill(-pid, 'SIGKILL');
}

/** The ARN of an existing stack; null if there is no stack of that name. */
export async function findStack(
  { cloudFormation }: Clients,
  trial: Pick<Trial, 'id'>,
): Promise<string | null> {
  const found = await ifThere(
    cloudFormation.send(new DescribeStacksCommand({ StackName: trialStack(trial) })),
    // CloudFormation has no specific error for a stack that does not exist.
    /^ValidationError$/,
  );
  return found?.Stacks?.[0]?.StackId ?? null;
}

/**
 * The resources that a stack has made and not deleted. A resource whose creation failed is left out: it may be somebody
 * else's, of the same name.
 */
async function stackResources(
  { cloudFormation: client }: Clients,
  StackName: string,
): Promise<readonly StackResourceSummary[]> {
  const all: StackResourceSummary[] = [];
  for await (const page of paginateListStackResources({ client }, { StackName }))
    all.push(...(page.StackResourceSummaries ?? []));
  return all.filter(({ ResourceStatus }) => !/^(CREATE_FAILED|DELETE_COMPLETE)$/.test(ResourceStatus ?? ''));
}

/** A resource that is left, and why. */
function leftText({ ResourceType, PhysicalResourceId, ResourceStatusReason }: StackResourceSummary): string {
  return `${ResourceType} ${PhysicalResourceId}: ${ResourceStatusReason ?? 'CloudFormation has not deleted it'}`;
}

/**
 * Waits until CloudFormation has stopped working on a stack, because it deletes no stack that is being updated.
 * @returns The stack's status.
 */
async function atRest(
  ports: Pick<Deployment, 'wait' | 'clock'>,
  { cloudFormation }: Clients,
  StackName: string,
): Promise<string> {
  const look = async () => {
    const { Stacks: [stack] = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
    const seen = stack?.StackStatus ?? '';
    return { seen, isThere: !seen.endsWith('_IN_PROGRESS') };
  };
  const status = await poll(ports, STACK_MS, look, LOOK_MS);
  if (status.endsWith('_IN_PROGRESS')) throw new TrialError('SLUICE_TRIAL_NOT_REMOVED', `${status}.`);
  return status;
}

/** Deletes every version of every object, and the bucket. */
async function removeBucket(s3: Deployment['s3'], Bucket: string): Promise<unknown> {
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
    if (Objects.length === 0) return s3.send(new DeleteBucketCommand({ Bucket }));
    const [failed] = partialAnswers.DeleteObjects(
      await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } })),
    );
    if (failed !== undefined)
      throw new TrialError('SLUICE_TRIAL_NOT_REMOVED', `${Bucket}: ${failed.key}: ${failed.why}.`);
  }
}
