import { GetAccountCommand, type ThrottleSettings } from '@aws-sdk/client-api-gateway';
import { type AccountLimit, GetAccountSettingsCommand } from '@aws-sdk/client-lambda';
import { queueExecutions } from '../../../infra/serverless/service.ts';
import { hasFunctionUrl, hasGateway } from '../../../lib/schema/endpoint.ts';
import { isRegion } from '../../../lib/schema/regions.ts';
import {
  ACCOUNT_CONCURRENCY,
  collectorConcurrency,
  type RequestLimits,
  requestLimits,
} from '../../../lib/schema/requestLimits.ts';
import { type Finding, finding, seenNow } from '../../findings/catalogue.ts';
import { type Look, settled, unsaid } from '../Look.ts';
import type { Setup } from '../Setup.ts';

/** The share of executions that are reserved or that the queues use, from which the account's concurrency counts as nearly exhausted. */
const NEAR = 0.8;
/** Lambda keeps this many executions for functions without reserved concurrency. https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html */
const UNRESERVED = 100;

/** The account's limits, which are lower in new accounts and shared with everything else in the account. */
export const quotasLook: Look = {
  name: 'quotas',
  expects: "the account's limits of API Gateway and Lambda are sufficient",
  find: (setup) =>
    settled([
      ['the quotas of API Gateway', findGatewayLimits(setup)],
      ['the quotas of Lambda', findLambdaLimits(setup)],
    ]),
};

/** A finding that the account allows less than the configuration says, so that requests are lost or nothing is deployed. */
function tooLow(kind: 'gateway' | 'functionUrl' | 'reservation', allows: string, says: string): Finding {
  const detail = `The account allows ${allows}; the configuration says ${says}.`;
  return finding('SLUICE_FINDING_QUOTA', { case: kind, ...seenNow(detail) }, [], 'problem');
}

/**
 * Compares what API Gateway accepts in this account with the limits that the stage's throttling and its alarm are based on.
 * Service Quotas shows 10,000 requests where 2,500 are accepted.
 */
async function findGatewayLimits(setup: Setup): Promise<readonly Finding[]> {
  const { config, clients, identity } = setup;
  if (!hasGateway(config.endpoint)) return [];
  const { throttleSettings = {} } = await clients.apiGateway.send(new GetAccountCommand({}));
  const { region } = identity;
  return judgeGatewayLimits(
    throttleSettings,
    requestLimits(isRegion(region) ? { ...config, region } : config),
    config.endpoint,
  );
}

/**
 * Judges what API Gateway accepts in an account, by the limits that the stage's throttling and its alarm are based on. With the rate
 * AWS raises the burst, which nobody can ask for:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
 *
 * @param configured Which of these limits the configuration states: null where it goes by what it says of the account, else by the default quota.
 */
export function judgeGatewayLimits(
  { rateLimit, burstLimit }: ThrottleSettings,
  { effectiveRequestsPerSecond: rate, burst }: RequestLimits,
  configured: Pick<Setup['config']['endpoint'], 'requestsPerSecond' | 'burst'>,
): readonly Finding[] {
  if (rateLimit === undefined || burstLimit === undefined)
    return [unsaid('AWS does not say the limits of API Gateway in this account')];
  const allows = `${rateLimit} a second, ${burstLimit} at once`;
  const says = `${rate} a second, ${burst} at once`;
  if (rateLimit < rate || burstLimit < burst) return [tooLow('gateway', allows, says)];
  const isHeldBack =
    (rateLimit > rate && configured.requestsPerSecond === null) ||
    (burstLimit > burst && configured.burst === null);
  const told = seenNow(`The account allows ${allows}; the stage takes ${says}.`);
  return isHeldBack ? [finding('SLUICE_FINDING_QUOTA', { case: 'raised', ...told })] : [];
}

/** Looks at the limits of Lambda in the account. */
async function findLambdaLimits({ config, clients }: Setup): Promise<readonly Finding[]> {
  const { AccountLimit: limits = {} } = await clients.lambda.send(new GetAccountSettingsCommand({}));
  return judgeLambdaLimits(limits, config);
}

/** Judges the account's concurrency: all functions of the account and region share what is not reserved. */
export function judgeLambdaLimits(
  { ConcurrentExecutions: total, UnreservedConcurrentExecutions: unreserved }: AccountLimit,
  config: Setup['config'],
): readonly Finding[] {
  if (total === undefined || unreserved === undefined)
    return [unsaid('AWS does not say the executions of Lambda in this account')];
  const wanted = config.collector.reservedConcurrency ?? 0;
  const reserved = total - unreserved;
  // What the configuration reserves is part of it once it is deployed.
  const isToCome = wanted > reserved;
  const least = Math.max(ACCOUNT_CONCURRENCY, wanted + UNRESERVED);
  const { queues: count, most } = queueExecutions(config);
  const expected = total < least ? `, expected ${least} or more` : '';
  const toCome = isToCome ? `, the configuration reserves ${wanted}` : '';
  const has = `${total} executions at once in the account, ${reserved} of them reserved${toCome}`;
  const { executions, isReserved } = collectorConcurrency(config.collector);
  const ofCollector = isReserved ? `up to ${wanted}` : 'the rest';
  const about = `Lambda: ${has}${expected}. The stack's ${count} queues use up to ${most}, the collector has ${ofCollector}.`;
  const isNear = total < least || (isToCome ? wanted : reserved) + most > total * NEAR;
  // Reservations of other functions reduce the executions left to a collector without a reservation.
  const allowed = isReserved ? total : unreserved;
  // Requests to a Function URL beyond the concurrency are lost, so that the alarms have to know it. A reservation is refused.
  const isTooLow = hasFunctionUrl(config.endpoint) && allowed < executions;
  const without = isReserved ? '' : ' without reservations';
  return [
    ...(isNear
      ? [
          finding('SLUICE_FINDING_QUOTA', {
            case: 'executions',
            ...seenNow(`Lambda has ${has}`, about),
          }),
        ]
      : []),
    ...(isTooLow
      ? [
          tooLow(
            isReserved ? 'reservation' : 'functionUrl',
            `${allowed} executions at once${without}`,
            `${executions}`,
          ),
        ]
      : []),
  ];
}
