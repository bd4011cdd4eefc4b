import middy from '@middy/core';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as z from 'zod';
import wholeConfig from '#config';
import { s3SingleTryClient } from '../../lib/aws/s3Client.ts';
import { s3LastGood } from '../../lib/aws/s3LastGood.ts';
import { secretsManagerClient, secretText } from '../../lib/aws/secrets.ts';
import { failureFields, logLine } from '../../lib/base/log.ts';
import { systemClock } from '../../lib/base/time.ts';
import type { FunctionConfig } from '../../lib/config/functionConfig.ts';
import { noEarlyTimeout, withEndTime } from '../../lib/lambda/endTime.ts';
import { environmentReader, withEnvironment } from '../../lib/lambda/environment.ts';
import { withStartLine } from '../../lib/lambda/startLine.ts';
import { AnswerCache } from '../../lib/passthrough/AnswerCache.ts';
import { LastGood } from '../../lib/passthrough/LastGood.ts';
import { PassThroughFailure, passThroughRefusal } from '../../lib/passthrough/PassThroughError.ts';
import {
  type PassedAnswer,
  type PassThrough,
  passThrough,
  STATSIG_HOSTS,
} from '../../lib/passthrough/passThrough.ts';
import { KeyCache } from '../../lib/wire/keys/KeyCache.ts';
import { KeyGate } from '../../lib/wire/keys/KeyGate.ts';
import { type HttpRequest, readRequestId } from '../../lib/wire/sdkRequest.ts';
import { readSender } from './sendRead.ts';

const config: FunctionConfig<'pass-through'> = wholeConfig;

/** Milliseconds for Statsig's answer. Most SDKs wait 3 to 10 s for their rules. */
const ANSWER_WITHIN_MS = 8_000;
/** Milliseconds of Lambda's own time that the answer and the log need. */
const MARGIN_MS = 500;

let ports: PassThrough | undefined;

function makePorts(environment: Environment): PassThrough {
  const { url, path, cacheSeconds } = config.passThrough ?? { cacheSeconds: 0 };
  const base = url?.replace(/\/+$/, '');
  return {
    hosts: base === undefined ? STATSIG_HOSTS : { cdn: base, api: base },
    keys: new KeyGate({
      configured: config.keys,
      cache: new KeyCache({
        read: secretText(secretsManagerClient, environment.SLUICE_KEYS_SECRET),
        clock: systemClock,
        random: Math.random,
        log: logLine,
      }),
      allowAnyKey: config.allowAnyKey || environment.SLUICE_ALLOW_ANY_KEY,
      limit: { perSecond: config.keyLimit.requestsPerSecond, burst: config.keyLimit.burst },
      clock: systemClock,
    }),
    cache: new AnswerCache(cacheSeconds, systemClock),
    lastGood: new LastGood({
      use: config.passThrough?.lastGood ?? 'never',
      ...s3LastGood(s3SingleTryClient(), environment.SLUICE_BUCKET),
      clock: systemClock,
      random: Math.random,
      log: logLine,
      writeMetrics: logLine,
      stage: environment.SLUICE_STAGE,
    }),
    send: readSender(systemClock),
    path,
    clock: systemClock,
    log: logLine,
  };
}

const schema = z.object({
  /** Has the last good rules. */
  SLUICE_BUCKET: z.string().min(1),
  /** `--stage` of the deployment: a dimension of its metrics. */
  SLUICE_STAGE: z.string().min(1),
  /** ARN of the secret with the keys that may read. */
  SLUICE_KEYS_SECRET: z.string().min(1),
  /** Set by the local cloud only: any client-… or secret-… key may read. */
  SLUICE_ALLOW_ANY_KEY: z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true'),
});

/** Settings of the function, from serverless.yml. */
type Environment = Readonly<z.output<typeof schema>>;

/** @throws PassThroughFailure SLUICE_PASS_THROUGH_ENVIRONMENT_INVALID, naming the variables. */
export const readEnvironment = environmentReader(
  schema,
  (names) => new PassThroughFailure('SLUICE_PASS_THROUGH_ENVIRONMENT_INVALID', names),
);

/** A body as bytes: text could have more of them in Lambda's JSON than it has itself. */
function response({ status, headers, body }: PassedAnswer): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: status,
    headers: { ...headers },
    body: Buffer.from(body).toString('base64'),
    isBase64Encoded: true,
  };
}

/**
 * Reads of SDKs that have one address for everything: rules, evaluations and ID lists, fetched from Statsig. The gateway
 * sets the CORS headers, the function none.
 */
export const handler = middy<HttpRequest, APIGatewayProxyStructuredResultV2>(noEarlyTimeout)
  .onError((request) => {
    const { status, body } = passThroughRefusal(new PassThroughFailure('SLUICE_PASS_THROUGH_FAILED'));
    const request_id = readRequestId(request.event.requestContext);
    logLine({ level: 'error', event: 'pass_through', status, request_id, ...failureFields(request.error) });
    request.response = { statusCode: status, headers: { 'content-type': 'application/json' }, body };
  })
  .use(withStartLine())
  .use(withEnvironment(readEnvironment))
  .use(withEndTime())
  .handler(async (event, { environment, endsAt }) => {
    ports ??= makePorts(environment);
    const latest = Math.min(systemClock.now() + ANSWER_WITHIN_MS, endsAt - MARGIN_MS);
    return response(await passThrough(event, ports, latest));
  });
