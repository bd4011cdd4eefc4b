import { collectMetrics } from '../../lib/collect/collectMetrics.ts';
import { hasFunctionUrl, hasGateway } from '../../lib/schema/endpoint.ts';
import { collectorConcurrency, requestLimits } from '../../lib/schema/requestLimits.ts';
import type { RequestError } from '../../lib/wire/RequestError.ts';
import { type Resources, ref } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';
import { alarm, HOUR, MINUTE, ofFunction, ownMetric, shareAlarm, type WatchedMetric } from './alarm.ts';

/**
 * Percent of requests that the client is to blame for. Some 4xx are normal: they come from apps with an old key, and
 * from port scanners.
 */
const CLIENT_ERRORS_PERCENT = 5;
/** Percent of requests that the collector, the gateway or Lambda is to blame for. */
const SERVER_ERRORS_PERCENT = 1;
/** The number of requests in five minutes below which the share of 4xx means nothing. */
const CLIENT_ERRORS_AT_LEAST = 20;
/** The number of requests in five minutes below which the share of 5xx means nothing. */
const SERVER_ERRORS_AT_LEAST = 5;
/** Percent of a limit, above which requests are answered 429 and events are lost. */
const LIMIT_PERCENT = 50;
/**
 * Percent of the requests of an hour that the collector refuses, from which an alarm goes off. It is for a stage with little
 * traffic whose key is wrong: five minutes have too few requests there for a share.
 */
const REFUSED_PERCENT = 50;
/** The number of refused requests of an hour below which their share means nothing. */
const REFUSED_AT_LEAST = 3;

/**
 * Alarms on what the gateway or the Function URL answers by itself, and on abuse.
 *
 * Metrics and dimensions: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html,
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html and
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 */
export function endpointAlarms(stack: Stack): Resources {
  const { endpoint } = stack.config;
  return {
    ...(hasGateway(endpoint) ? gatewayAlarms(stack) : {}),
    ...(hasFunctionUrl(endpoint) ? functionUrlAlarms(stack) : {}),
    ...requestsRefusedAlarm(stack),
    ...abuseAlarms(stack),
  };
}

/** The alarms on the gateway. */
function gatewayAlarms(stack: Stack): Resources {
  const apiMetric = (metric: '4xx' | '5xx' | 'Count'): WatchedMetric => ({
    namespace: 'AWS/ApiGateway',
    metric,
    statistic: 'Sum',
    dimensions: { ApiId: ref(logicalIds.httpApi) },
  });
  const { effectiveRequestsPerSecond } = requestLimits(stack.config);
  return {
    ...alarm(stack, 'stage-limit', {
      ...apiMetric('Count'),
      description: `${LIMIT_PERCENT} % of the request limit of the gateway, beyond which events are lost`,
      section: 'failed',
      // At least one request a minute, for very low limits.
      threshold: Math.max(1, Math.round((effectiveRequestsPerSecond * MINUTE * LIMIT_PERCENT) / 100)),
      periodSeconds: MINUTE,
    }),
    ...answerAlarms(stack, {
      part: 'api',
      ids: '',
      whose: "the gateway's",
      requests: 'requests',
      client: apiMetric('4xx'),
      server: apiMetric('5xx'),
      all: apiMetric('Count'),
    }),
  };
}

/** The alarms on the share of requests to one address that are refused, and on the share that fail. */
function answerAlarms(
  stack: Stack,
  address: {
    /** Beginning of the alarms' names. */
    readonly part: string;
    /** Beginning of the alarms' logical IDs. */
    readonly ids: string;
    /** The requests, as descriptions name them. */
    readonly requests: string;
    /** The owner of the limits, as descriptions name it: `its`. */
    readonly whose: string;
    /** Answers with a status of 4xx. */
    readonly client: WatchedMetric;
    /** Answers with a status of 5xx. */
    readonly server: WatchedMetric;
    /** All answers. */
    readonly all: WatchedMetric;
  },
): Resources {
  return {
    ...shareAlarm(stack, `${address.part}-4xx`, {
      id: `${address.ids}ClientErrorsAlarm`,
      description: `${CLIENT_ERRORS_PERCENT} % of ${address.requests} are refused, including ${address.whose} own 429 and 413`,
      section: 'refused',
      some: address.client,
      all: address.all,
      atLeast: CLIENT_ERRORS_AT_LEAST,
      threshold: CLIENT_ERRORS_PERCENT,
    }),
    ...shareAlarm(stack, `${address.part}-5xx`, {
      id: `${address.ids}ServerErrorsAlarm`,
      description: `${SERVER_ERRORS_PERCENT} % of ${address.requests} fail, and SDKs retry them`,
      section: 'failed',
      some: address.server,
      all: address.all,
      atLeast: SERVER_ERRORS_AT_LEAST,
      threshold: SERVER_ERRORS_PERCENT,
    }),
  };
}

/** The alarms on the Function URL. */
function functionUrlAlarms(stack: Stack): Resources {
  const collectorMetric = (metric: string) => ofFunction(stack, 'collect', metric);
  const { executions, requestsPerSecond, isReserved } = collectorConcurrency(stack.config.collector);
  return {
    ...alarm(stack, 'concurrency', {
      // Without a reservation the collector shares its executions with all functions that have none.
      ...(isReserved
        ? collectorMetric('ConcurrentExecutions')
        : { namespace: 'AWS/Lambda', metric: 'UnreservedConcurrentExecutions', dimensions: {} }),
      statistic: 'Maximum',
      description: `${LIMIT_PERCENT} % of the ${executions} executions at once, beyond which the Function URL answers 429 and events are lost`,
      section: 'failed',
      threshold: Math.max(1, Math.floor((executions * LIMIT_PERCENT) / 100)),
      periodSeconds: MINUTE,
    }),
    // Requests of 40 ms reach this limit while four of ten executions are in use. The gateway's requests count too.
    ...alarm(stack, 'request-rate', {
      ...collectorMetric('Invocations'),
      description: `${LIMIT_PERCENT} % of the ${requestsPerSecond} requests a second that Lambda takes, beyond which the Function URL answers 429 and events are lost`,
      section: 'failed',
      threshold: Math.floor((requestsPerSecond * MINUTE * LIMIT_PERCENT) / 100),
      periodSeconds: MINUTE,
    }),
    ...answerAlarms(stack, {
      part: 'url',
      ids: 'Url',
      whose: 'its',
      requests: 'requests to the Function URL',
      client: collectorMetric('Url4xxCount'),
      server: collectorMetric('Url5xxCount'),
      all: collectorMetric('UrlRequestCount'),
    }),
  };
}

/**
 * Anybody can post, and each request costs money. A request without a valid key is refused, and costs the same except
 * for Firehose.
 */
function abuseAlarms(stack: Stack): Resources {
  const { invocationsPerHour, refusedKeysPerHour } = stack.config.alarms;
  const refusedAlarm = (
    part: string,
    reason: keyof typeof RequestError.entries & `SLUICE_KEY_${string}`,
    description: string,
  ): Resources =>
    alarm(stack, part, {
      ...ownMetric(stack, collectMetrics.refused_requests, 'Sum', { reason }),
      description,
      section: 'abuse',
      threshold: refusedKeysPerHour,
      periodSeconds: HOUR,
    });
  return {
    ...alarm(stack, 'invocations', {
      ...ofFunction(stack, 'collect', 'Invocations'),
      description: 'More requests in an hour than alarms.invocationsPerHour',
      section: 'abuse',
      threshold: invocationsPerHour,
      periodSeconds: HOUR,
    }),
    ...refusedAlarm('key-unknown', 'SLUICE_KEY_UNKNOWN', 'Many requests with a key that is unknown'),
    ...refusedAlarm('key-missing', 'SLUICE_KEY_MISSING', 'Many requests without a key'),
    ...refusedAlarm(
      'key-not-for-events',
      'SLUICE_KEY_NOT_FOR_EVENTS',
      'Many requests with a key that may not send events',
    ),
  };
}

/** The alarm on refused requests, by the collector's own metrics: every request is a value of `received`. */
function requestsRefusedAlarm(stack: Stack): Resources {
  return shareAlarm(stack, 'requests-refused', {
    description: `The collector refuses ${REFUSED_PERCENT} % of the requests of an hour`,
    section: 'refused',
    some: ownMetric(stack, collectMetrics.refused_requests),
    all: ownMetric(stack, collectMetrics.received, 'SampleCount'),
    atLeast: REFUSED_AT_LEAST,
    threshold: REFUSED_PERCENT,
    periodSeconds: HOUR,
  });
}
