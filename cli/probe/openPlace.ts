import { setTimeout as wait } from 'node:timers/promises';
import { AthenaClient } from '@aws-sdk/client-athena';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import type { Config } from '../../lib/config/configSchema.ts';
import { type Clock, systemClock } from '../../lib/time/Clock.ts';
import type { DeploymentPlace } from '../aws/deploymentPlace.ts';
import { explainAwsError } from '../aws/explainAwsError.ts';
import { localCloud } from './localCloud.ts';
import { ProbeError } from './ProbeError.ts';

/** Tries of one call: all of them may be made again. */
const MAX_ATTEMPTS = 4;

/** What a probe works with. */
export interface Place {
  readonly config: Config;
  readonly local: boolean;
  /** `sluice-prod` */
  readonly stackName: string;
  readonly clients: {
    readonly athena: AthenaClient;
    readonly lambda: LambdaClient;
    readonly s3: S3Client;
  };
  /** The machine's: it measures, and bounds what is waited. */
  readonly clock: Clock;
  readonly wait: (ms: number) => Promise<void>;
  readonly random: () => number;
  /** Delivers what Firehose holds; undefined on AWS, where nobody can. */
  readonly flush?: () => Promise<void>;
}

/** A place, with where events go and what time they get. */
export interface OpenPlace extends Place {
  /** The collector's address, without a path. */
  readonly collector: string;
  /** What time it is there, epoch milliseconds: the local cloud's clock may be elsewhere. */
  readonly now: number;
  close(): void;
}

/**
 * Opens a deployment for a probe.
 *
 * @param url The collector's address, if it is not the stack's or is to be reached under another name.
 * @throws ProbeError `SLUICE_PROBE_NO_COLLECTOR`, `SLUICE_PROBE_NOT_ALLOWED`; AwsAccessError.
 */
export async function openPlace(
  { stack, place, local, config }: DeploymentPlace,
  url: string | undefined,
): Promise<OpenPlace> {
  const options = { ...place, maxAttempts: MAX_ATTEMPTS };
  const athena = new AthenaClient(options);
  const stackName = `${stack.service}-${stack.stage}`;
  const lambda = new LambdaClient(options);
  const s3 = new S3Client({ ...options, ...(local ? { forcePathStyle: true } : {}) });
  const cloud = local && place.endpoint !== undefined ? localCloud(place.endpoint) : undefined;
  const close = () => {
    athena.destroy();
    lambda.destroy();
    s3.destroy();
  };
  try {
    const collector =
      url ?? (cloud === undefined ? await stackCollector(options, stackName) : await cloud.collector());
    return {
      config,
      local,
      stackName,
      clients: { athena, lambda, s3 },
      clock: systemClock,
      wait: (ms) => wait(ms),
      random: Math.random,
      ...(cloud === undefined ? {} : { flush: cloud.flush }),
      collector,
      now: cloud === undefined ? systemClock.now() : await cloud.now(),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** The output of the stack. */
async function stackCollector(
  options: ConstructorParameters<typeof CloudFormationClient>[0],
  StackName: string,
): Promise<string> {
  const client = new CloudFormationClient(options ?? {});
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    const output = Stacks[0]?.Outputs?.find(({ OutputKey }) => OutputKey === 'CollectorUrl');
    if (output?.OutputValue === undefined)
      throw new ProbeError('SLUICE_PROBE_NO_COLLECTOR', `${StackName} has no output CollectorUrl.`);
    return output.OutputValue;
  } catch (error) {
    const problem = explainAwsError(error);
    if (problem === undefined) throw error;
    if (problem.kind === 'unasked') throw problem.error;
    const code =
      problem.name === 'ValidationError' ? 'SLUICE_PROBE_NO_COLLECTOR' : 'SLUICE_PROBE_NOT_ALLOWED';
    throw new ProbeError(code, problem.detail, { cause: error });
  } finally {
    client.destroy();
  }
}
