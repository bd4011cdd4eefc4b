import { setTimeout as wait } from 'node:timers/promises';
import { AthenaClient } from '@aws-sdk/client-athena';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';
import * as z from 'zod';
import { type Clock, systemClock } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import { hasGateway } from '../../lib/schema/endpoint.ts';
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
    readonly lambda: LambdaClient;
    readonly s3: S3Client;
    /** Without retries. */
    readonly s3Once: S3Client;
    readonly sqs: SQSClient;
    readonly sts: STSClient;
  };
  /** Whether the collector's URL differs from the stack's. */
  readonly ownDomain: boolean;
  /** Whether the collector's URL is a Function URL, which answers otherwise above a limit than API Gateway. */
  readonly isFunctionUrl: boolean;
  /** The gateway's URL if it is beside a Function URL: `endpoint.kind` is `both`. */
  readonly gateway?: string | undefined;
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
    lambda: new LambdaClient(options),
    s3: new S3Client(ofS3),
    s3Once: new S3Client({ ...ofS3, maxAttempts: 1 }),
    sqs: new SQSClient(options),
    sts: new STSClient(options),
  };
  const stackName = `${stack.service}-${stack.stage}`;
  const cloud = isLocal && aws.endpoint !== undefined ? localCloud(aws.endpoint) : undefined;
  const close = () => {
    for (const client of Object.values(clients)) client.destroy();
  };
  try {
    const { collector, gateway }: Addresses =
      url !== undefined
        ? { collector: url }
        : cloud === undefined
          ? await stackAddresses(options, stackName)
          : await cloud.addresses();
    return {
      config,
      isLocal,
      stack,
      clients,
      ownDomain: url !== undefined,
      isFunctionUrl: gateway !== undefined || isFunctionUrl(collector, config),
      gateway,
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

/**
 * With both endpoints the host tells: `CollectorUrl` is then the Function URL, and only the gateway has domains of one's own.
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html
 */
function isFunctionUrl(collector: string, { endpoint }: Pick<Config, 'endpoint'>): boolean {
  return !hasGateway(endpoint) || collector.includes('.lambda-url.');
}

/** The collector's URL, and the gateway's if that is another. */
interface Addresses {
  readonly collector: string;
  readonly gateway?: string | undefined;
}

/** Reads the addresses from the stack's outputs: infra/endpoint/endpoint.ts. */
async function stackAddresses(
  options: ConstructorParameters<typeof CloudFormationClient>[0],
  StackName: string,
): Promise<Addresses> {
  const client = new CloudFormationClient(options ?? {});
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    const outputOf = (name: string) =>
      Stacks[0]?.Outputs?.find(({ OutputKey }) => OutputKey === name)?.OutputValue;
    const collector = outputOf('CollectorUrl');
    if (collector === undefined)
      throw new ProbeError('SLUICE_PROBE_NO_COLLECTOR', `${StackName} has no output CollectorUrl.`);
    return { collector, gateway: outputOf('GatewayUrl') };
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

const status = z.object({
  collector: z.string(),
  functionUrls: z.record(z.string(), z.string()).default({}),
});
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
    async addresses(): Promise<Addresses> {
      const { collector, functionUrls } = await read('/_sluice/status', status);
      const [, url = collector] =
        Object.entries(functionUrls).find(([name]) => name.endsWith('-collect')) ?? [];
      return url === collector ? { collector } : { collector: url, gateway: collector };
    },
    now: async () => (await read('/_sluice/clock', clock)).now,
    flush: async () => {
      await call('POST', '/_sluice/flush');
    },
  };
}
