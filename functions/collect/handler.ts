import { randomBytes } from 'node:crypto';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import wholeConfig from '#config';
import { firehoseClient, firehosePutRecord } from '../../lib/aws/firehosePutRecord.ts';
import { failureFields, logLine, metricsLine } from '../../lib/base/log.ts';
import { systemTiming } from '../../lib/base/retry.ts';
import { systemAlarm, systemClock } from '../../lib/base/time.ts';
import { type Collector, collectRequest } from '../../lib/collect/answer.ts';
import { CollectError } from '../../lib/collect/CollectError.ts';
import { collectMetrics, failureMetrics } from '../../lib/collect/collectMetrics.ts';
import { type Answer, refusalAnswer } from '../../lib/collect/httpAnswer.ts';
import { type CollectPlan, planProvider } from '../../lib/collect/rows/plan.ts';
import type { StorePorts } from '../../lib/collect/store.ts';
import type { FunctionConfig } from '../../lib/config/functionConfig.ts';
import { GroupsCache, groupsReader } from '../../lib/groups/GroupsCache.ts';
import {
  type EnvironmentSchema,
  endOf,
  environment,
  middy,
  startLine,
} from '../../lib/lambda/middlewares.ts';
import { putQuarantineLarge, quarantineWriter } from '../../lib/landing/quarantineWriter.ts';
import { putRecordObject } from '../../lib/landing/store/land.ts';
import { StreamBreaker } from '../../lib/landing/store/StreamBreaker.ts';
import { CopyKeeper, type CopyKeeperOptions } from '../../lib/relay/CopyKeeper.ts';
import type { RelayChoice } from '../../lib/schema/relay.ts';
import { groupsKey } from '../../lib/tables/tableFolders.ts';
import { KeyCache, type ReadSecret } from '../../lib/wire/keys/KeyCache.ts';
import { KeyGate } from '../../lib/wire/keys/KeyGate.ts';
import { type HttpRequest, readRequestId } from '../../lib/wire/sdkRequest.ts';

const config: FunctionConfig<'collect'> = wholeConfig;

/** Milliseconds after which the answer is 503. For SDKs that give up earlier, collectRequest answers earlier. */
const ANSWER_WITHIN_MS = 2_500;

/** Milliseconds of Lambda's own time that the answer and the log need. */
const MARGIN_MS = 500;

/** Settings of the collector, from serverless.yml. */
interface Environment {
  /** Name of the stream of the landing. */
  readonly stream: string;
  /** Bucket for rows that the stream does not take, and for items that are too large for rows of quarantine. */
  readonly bucket: string;
  /** ARN of the secret with the keys that may post. */
  readonly keysSecret: string;
  /** URL of the queue of relay; '' without relay. */
  readonly relayQueue: string;
  /** The stage of the deployment: a dimension of its metrics. */
  readonly stage: string;
  /** Set by the local cloud only: any client-… or secret-… key may post. */
  readonly allowAnyKey: boolean;
  /** Set by the local cloud only: every successful request is logged, too. */
  readonly logSuccesses: boolean;
}

/** Reads the environment without zod: the bundle would carry zod for this alone. */
const schema: EnvironmentSchema<Environment> = {
  safeParse(variables) {
    const issues: { readonly path: readonly [name: string] }[] = [];
    const text = (name: string): string => {
      const value = variables[name] ?? '';
      if (value === '') issues.push({ path: [name] });
      return value;
    };
    const flag = (name: string): boolean => {
      const value = variables[name] ?? 'false';
      if (value !== 'true' && value !== 'false') issues.push({ path: [name] });
      return value === 'true';
    };
    const data = {
      stream: text('SLUICE_STREAM'),
      bucket: text('SLUICE_BUCKET'),
      keysSecret: text('SLUICE_KEYS_SECRET'),
      relayQueue: config.relay === undefined ? '' : text('SLUICE_RELAY_QUEUE'),
      stage: text('SLUICE_STAGE'),
      allowAnyKey: flag('SLUICE_ALLOW_ANY_KEY'),
      logSuccesses: flag('SLUICE_LOG_SUCCESSES'),
    };
    return issues.length > 0 ? { success: false, error: { issues } } : { success: true, data };
  },
};

let collector: Collector | undefined;

/** Makes what every request of this environment shares. */
function makeCollector(settings: Environment): Collector {
  const loggedShare = settings.logSuccesses ? 1 : config.logs.successes;
  const groups = new GroupsCache({
    read: async (known, timeoutMs) => {
      const store = await objectsOf(settings.bucket, 's3SingleTryClient');
      return groupsReader(store, groupsKey(config))(known, timeoutMs);
    },
    clock: systemClock,
    random: Math.random,
    log: logLine,
    countFailure: () => {
      const { stage } = settings;
      logLine(metricsLine([[collectMetrics.groups_failures, 1]], { stage }, systemClock.now()));
    },
  });
  const planNow = planProvider(config, groups);
  const { relay } = config;
  return {
    planNow,
    groups,
    keys: new KeyGate({
      configured: config.keys,
      cache: new KeyCache({
        read: secretReader(settings.keysSecret),
        clock: systemClock,
        random: Math.random,
        alarm: systemAlarm,
        log: logLine,
      }),
      allowAnyKey: config.allowAnyKey || settings.allowAnyKey,
    }),
    stream: config.landing === 'direct' ? null : streamOf(settings),
    ...storedIn(settings.bucket),
    relay: relay === undefined ? undefined : makeKeeper(relay, settings, planNow),
    writeQuarantine: quarantineWriter(config),
    ...systemTiming,
    alarm: systemAlarm,
    log: logLine,
    logSuccess: () => Math.random() < loggedShare,
    writeMetrics: logLine,
    stage: settings.stage,
  };
}

/** The stream of the landing, and the memory of whether it answers. */
function streamOf({ stream }: Environment): NonNullable<StorePorts['stream']> {
  return {
    putRecord: firehosePutRecord(firehoseClient(), stream),
    breaker: new StreamBreaker({ ...systemTiming, log: logLine }),
  };
}

/** Makes the keeper of copies for relay, which redacts them by the rules of now. */
function makeKeeper(choice: RelayChoice, settings: Environment, planNow: () => CollectPlan): CopyKeeper {
  return new CopyKeeper({
    choice,
    redaction: planNow().redaction,
    send: relaySender(settings.relayQueue),
    put: async (key, text, timeoutMs) => {
      const store = await objectsOf(settings.bucket);
      await store.write(key, text, { signal: AbortSignal.timeout(timeoutMs) });
    },
    nonce: () => randomBytes(12).toString('hex'),
    ...systemTiming,
    log: logLine,
  });
}

// These clients are needed by few requests. Each is loaded at its first call, while the request is being handled:
// together they are as much code as everything else, and would slow down every cold start.

/** Opens a bucket. The client is imported by the first call, because most environments never need it. */
async function objectsOf(bucket: string, client: 's3Client' | 's3SingleTryClient' = 's3Client') {
  const [clients, { s3ObjectStore }] = await Promise.all([
    import('../../lib/aws/s3Client.ts'),
    import('../../lib/aws/s3ObjectStore.ts'),
  ]);
  return s3ObjectStore(clients[client](), bucket);
}

/** What writes objects of the landing into a bucket, once it is needed. */
function storedIn(bucket: string): Pick<StorePorts, 'putObject' | 'putQuarantineLarge'> {
  return {
    putObject: async (object, timeoutMs) => putRecordObject(await objectsOf(bucket))(object, timeoutMs),
    putQuarantineLarge: async (large, timeoutMs) =>
      putQuarantineLarge(await objectsOf(bucket))(large, timeoutMs),
  };
}

/** The queue of relay. Its client is loaded when the first request comes, while its body is read. */
function relaySender(queueUrl: string): CopyKeeperOptions['send'] {
  const loaded = import('../../lib/aws/relayQueue.ts').then(({ sqsSend, sqsSingleTryClient }) =>
    sqsSend(sqsSingleTryClient(), queueUrl),
  );
  return async (text, timeoutMs) => (await loaded)(text, timeoutMs);
}

/** Reads the keys' secret. The client is imported by the first read. */
function secretReader(secretId: string): ReadSecret {
  return async (timeoutMs) => {
    const { secretsManagerClient, secretText } = await import('../../lib/aws/secrets.ts');
    return secretText(secretsManagerClient, secretId)(timeoutMs);
  };
}

/** The answer as the gateway takes it. */
function response({ status, body }: Answer): APIGatewayProxyStructuredResultV2 {
  return { statusCode: status, headers: { 'content-type': 'application/json' }, body };
}

/** Answers 503 for an error that no step of a request expects, and reports it. */
function failed(error: unknown, requestId: string | null): APIGatewayProxyStructuredResultV2 {
  const code = 'SLUICE_COLLECT_FAILED';
  for (const line of failureMetrics(code, collector?.stage ?? 'unknown', systemClock.now())) logLine(line);
  const named = requestId === null ? null : { request_id: requestId };
  logLine({ level: 'error', event: 'collect', status: 503, ...named, code, ...failureFields(error) });
  return response(refusalAnswer(new CollectError(code)));
}

/**
 * The collector, behind API Gateway or a Function URL. The SDK always gets JSON and a status that it understands: 503 if
 * the collector fails or runs out of time. The gateway or the Function URL sets the CORS headers, the function none.
 */
export const handler = middy<HttpRequest, APIGatewayProxyStructuredResultV2>()
  .onError(({ event, error }) => failed(error, readRequestId(event.requestContext)))
  .use(startLine())
  .use(environment(schema))
  .handler(async (event, context) => {
    collector ??= makeCollector(context.environment);
    const deadline = Math.min(systemClock.now() + ANSWER_WITHIN_MS, endOf(context) - MARGIN_MS);
    return response(await collectRequest(event, collector, deadline));
  });
