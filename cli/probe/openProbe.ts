import { setTimeout as wait } from 'node:timers/promises';
import { AthenaClient } from '@aws-sdk/client-athena';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { type Clock, systemClock } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import type { ConfiguredTarget } from '../../observe/target.ts';
import { ProbeError } from './ProbeError.ts';

/** Attempts for one call: every call can be retried. */
const MAX_ATTEMPTS = 4;

/** The parts of a deployment that a probe needs. */
export interface ProbeContext {
  readonly config: Config;
  readonly isLocal: boolean;
  readonly stack: ConfiguredTarget['stack'];
  readonly clients: {
    readonly athena: AthenaClient;
    readonly cloudwatch: CloudWatchClient;
    readonly s3: S3Client;
    /** Without retries. */
    readonly s3Once: S3Client;
  };
  /** This machine's clock, which measures and limits waiting. */
  readonly clock: Clock;
  readonly wait: (ms: number) => Promise<void>;
  readonly random: () => number;
  /** Delivers Firehose's buffers; undefined on AWS, where that is not possible. */
  readonly flush?: () => Promise<void>;
}

/** With the collector and the time of its events. */
export interface OpenProbe extends ProbeContext {
  /** The collector's URL. */
  readonly collector: string;
  /** The time of the deployment, epoch milliseconds: the local cloud's clock can be moved. */
  readonly now: number;
  close(): void;
}

/**
 * Opens a deployment for a probe.
 *
 * @param url The collector's URL, if it differs from the stack's.
 * @throws ProbeError `SLUICE_PROBE_NO_COLLECTOR`, `SLUICE_PROBE_NOT_ALLOWED`; AwsAccessError.
 */
export async function openProbe(
  { stack, aws, isLocal, config }: ConfiguredTarget,
  url: string | undefined,
): Promise<OpenProbe> {
  const options = { ...aws, maxAttempts: MAX_ATTEMPTS };
  const ofS3 = { ...options, ...(isLocal ? { forcePathStyle: true } : {}) };
  const clients = {
    athena: new AthenaClient(options),
    cloudwatch: new CloudWatchClient(options),
    s3: new S3Client(ofS3),
    s3Once: new S3Client({ ...ofS3, maxAttempts: 1 }),
  };
  const stackName = `${stack.service}-${stack.stage}`;
  const cloud = isLocal && aws.endpoint !== undefined ? localCloud(aws.endpoint) : undefined;
  const close = () => {
    for (const client of Object.values(clients)) client.destroy();
  };
  try {
    const collector = url ?? (await (cloud?.collector() ?? stackCollector(options, stackName)));
    return {
      config,
      isLocal,
      stack,
      clients,
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

/** Reads the collector's URL from the stack's outputs: infra/endpoint/endpoint.ts. */
async function stackCollector(
  options: ConstructorParameters<typeof CloudFormationClient>[0],
  StackName: string,
): Promise<string> {
  const client = new CloudFormationClient(options ?? {});
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    const collector = Stacks[0]?.Outputs?.find(({ OutputKey }) => OutputKey === 'CollectorUrl')?.OutputValue;
    if (collector === undefined)
      throw new ProbeError('SLUICE_PROBE_NO_COLLECTOR', `${StackName} has no output CollectorUrl.`);
    return collector;
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

const status = z.object({ collector: z.string() });
const clock = z.object({ now: z.iso.datetime().transform((text) => Date.parse(text)) });

/** The part of the local cloud's control API that a probe uses: docs/local.md, "Control". */
function localCloud(edge: string) {
  const call = async (method: string, path: string): Promise<unknown> => {
    try {
      const response = await fetch(new URL(path, edge), { method });
      return await response.json();
    } catch (error) {
      throw new ProbeError('SLUICE_PROBE_NO_COLLECTOR', `No local cloud at ${edge}.`, { cause: error });
    }
  };
  const read = async <Output>(path: string, schema: z.ZodType<Output>): Promise<Output> => {
    const parsed = schema.safeParse(await call('GET', path));
    if (!parsed.success)
      throw new ProbeError(
        'SLUICE_PROBE_NO_COLLECTOR',
        `${edge} does not answer ${path} like a local cloud.`,
      );
    return parsed.data;
  };
  return {
    collector: async () => (await read('/_sluice/status', status)).collector,
    now: async () => (await read('/_sluice/clock', clock)).now,
    flush: async () => {
      await call('POST', '/_sluice/flush');
    },
  };
}
