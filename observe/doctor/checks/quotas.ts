import { GetAccountCommand, type ThrottleSettings } from '@aws-sdk/client-api-gateway';
import { type AccountLimit, GetAccountSettingsCommand } from '@aws-sdk/client-lambda';
import { ListServiceQuotasCommand, type ServiceQuota } from '@aws-sdk/client-service-quotas';
import { queueExecutions } from '../../../infra/serverless/service.ts';
import type { Config } from '../../../lib/schema/config.ts';
import {
  collectorConcurrency,
  hasFunctionUrl,
  hasGateway,
  requestLimits,
} from '../../../lib/schema/endpoint.ts';
import { tableKinds } from '../../../lib/schema/kinds.ts';
import { isRegion } from '../../../lib/schema/regions.ts';
import { type Finding, finding } from '../../findings/catalogue.ts';
import { checkEach } from '../askAws.ts';
import type { DoctorContext } from '../DoctorContext.ts';
import type { Check } from '../runChecks.ts';

/** One quota, found by its name in Service Quotas: a code changes when AWS renames the quota. */
interface Quota {
  readonly service: string;
  readonly name: RegExp;
  /** The name that a finding shows. */
  readonly called: string;
  readonly what: string;
  /** The least value that is sufficient. */
  readonly least: number;
  /** How much of it is used, if that is known. */
  readonly used: (doctor: DoctorContext) => Promise<number | undefined>;
}

/** The share from which a quota counts as nearly exhausted. */
const NEAR = 0.8;
/** Lambda keeps this many executions for functions without reserved concurrency. https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html */
const UNRESERVED = 100;
/** The default of accounts that are not new. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LAMBDA_DEFAULT = 1_000;
/** The lowest default of a region, for each stream. https://docs.aws.amazon.com/firehose/latest/dev/limits.html */
const FIREHOSE_PUTS = 1_000;
/** Pages of 100 quotas. */
const MOST_QUOTA_PAGES = 10;

const QUOTAS: readonly Quota[] = [
  {
    service: 'firehose',
    name: /put ?requests/i,
    called: 'Rate of Put requests',
    what: 'calls a second on a stream',
    least: FIREHOSE_PUTS,
    used: async () => undefined,
  },
  {
    service: 'glue',
    name: /partitions per table/i,
    called: 'Number of partitions per table',
    what: 'partitions of a table',
    least: 0,
    used: countPartitions,
  },
];

/** The account's quotas, which are lower in new accounts and shared with everything else in the account. */
export const quotas: Check = {
  name: 'quotas',
  expects: 'the quotas of API Gateway, Lambda, Firehose and Glue are sufficient',
  needs: ['stack'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_QUOTA', 'SLUICE_DOCTOR_UNCHECKED'],
  permissions: [
    'apigateway:GET',
    'lambda:GetAccountSettings',
    'servicequotas:ListServiceQuotas',
    'glue:GetPartitions',
  ],
  async run(doctor) {
    return checkEach(
      [askGateway, askLambda, ...QUOTAS.map((quota) => () => askQuota(doctor, quota))],
      (part) => part(doctor),
      (impossible) => impossible.finding,
    );
  },
};

/** Asks API Gateway for the effective limits: Service Quotas shows 10,000 requests where 2,500 are accepted. */
async function askGateway(doctor: DoctorContext): Promise<Finding[]> {
  const config = await doctor.config();
  if (!hasGateway(config.endpoint)) return [];
  const { apiGateway } = await doctor.clients();
  const { throttleSettings } = await doctor.ask('apigateway:GET', () =>
    apiGateway.send(new GetAccountCommand({})),
  );
  const { region } = await doctor.identity();
  return judgeGateway(throttleSettings ?? {}, isRegion(region) ? { ...config, region } : config);
}

/** Compares the account's limits with those that the stage's throttling and its alarm are based on. */
function judgeGateway(
  { rateLimit, burstLimit }: ThrottleSettings,
  config: Pick<Config, 'region' | 'endpoint'>,
): Finding[] {
  if (rateLimit === undefined || burstLimit === undefined)
    return [finding('SLUICE_DOCTOR_UNCHECKED', 'The limits of API Gateway in this account.')];
  const { effectiveRequestsPerSecond, burst } = requestLimits(config);
  if (rateLimit >= effectiveRequestsPerSecond && burstLimit >= burst) return [];
  const account = `${rateLimit} a second, ${burstLimit} at once`;
  const configured = `${effectiveRequestsPerSecond} a second, ${burst} at once`;
  return [
    finding(
      'SLUICE_DOCTOR_QUOTA',
      `The account allows ${account}; the configuration says ${configured}.`,
      [],
      'problem',
    ),
  ];
}

async function askLambda(doctor: DoctorContext): Promise<Finding[]> {
  const { lambda } = await doctor.clients();
  const { AccountLimit } = await doctor.ask('lambda:GetAccountSettings', () =>
    lambda.send(new GetAccountSettingsCommand({})),
  );
  return judgeLambda(AccountLimit ?? {}, await doctor.config());
}

/** Judges the account's concurrency: all functions of the account and region share what is not reserved. */
function judgeLambda(
  { ConcurrentExecutions: total, UnreservedConcurrentExecutions: unreserved }: AccountLimit,
  config: Config,
): Finding[] {
  const { collector, endpoint } = config;
  if (total === undefined || unreserved === undefined)
    return [finding('SLUICE_DOCTOR_UNCHECKED', 'The executions of Lambda in this account.')];
  const wanted = collector.reservedConcurrency ?? 0;
  const reserved = Math.max(total - unreserved, wanted);
  const lossy = judgeFunctionUrl(total, unreserved, { collector, endpoint });
  const about = `Lambda: ${total} executions at once in the account, ${reserved} of them reserved`;
  const least = Math.max(LAMBDA_DEFAULT, wanted + UNRESERVED);
  if (total < least) {
    const { queues, most } = queueExecutions(config);
    const workers = `The stack's ${queues} queues use up to ${most}, the collector has the rest`;
    return [finding('SLUICE_DOCTOR_QUOTA', `${about}, expected ${least} or more. ${workers}.`), ...lossy];
  }
  return [...(reserved > total * NEAR ? [finding('SLUICE_DOCTOR_QUOTA', `${about}.`)] : []), ...lossy];
}

/** Behind a Function URL what goes beyond the concurrency is lost, so the alarms have to know it. */
function judgeFunctionUrl(
  total: number,
  unreserved: number,
  { collector, endpoint }: Pick<Config, 'collector' | 'endpoint'>,
): Finding[] {
  const { executions, isReserved } = collectorConcurrency(collector);
  // Reservations of other functions reduce the executions left to a collector without a reservation.
  const allowed = isReserved ? total : unreserved;
  if (!hasFunctionUrl(endpoint) || allowed >= executions) return [];
  return [
    finding(
      'SLUICE_DOCTOR_QUOTA',
      `The account allows ${allowed} executions at once${isReserved ? '' : ' without reservations'}; the configuration says ${executions}.`,
      [],
      'problem',
    ),
  ];
}

async function askQuota(doctor: DoctorContext, quota: Quota): Promise<Finding[]> {
  const found = await readQuota(doctor, quota);
  if (found === undefined)
    return [finding('SLUICE_DOCTOR_UNCHECKED', `Service Quotas of ${quota.service} has no ${quota.called}.`)];
  return judgeQuota(quota, found, await quota.used(doctor));
}

async function readQuota(doctor: DoctorContext, { service, name }: Quota): Promise<ServiceQuota | undefined> {
  const { quotas: client } = await doctor.clients();
  let NextToken: string | undefined;
  for (let page = 0; page < MOST_QUOTA_PAGES; page += 1) {
    const token = NextToken;
    const answer = await doctor.ask('servicequotas:ListServiceQuotas', () =>
      client.send(new ListServiceQuotasCommand({ ServiceCode: service, NextToken: token })),
    );
    const found = (answer.Quotas ?? []).find(({ QuotaName = '' }) => name.test(QuotaName));
    NextToken = answer.NextToken;
    if (found !== undefined || NextToken === undefined) return found;
  }
  return undefined;
}

function judgeQuota(
  { what, least }: Quota,
  { ServiceName = '', QuotaName = '', QuotaCode = '', Value = 0 }: ServiceQuota,
  used: number | undefined,
): Finding[] {
  const about = `${ServiceName}, ${QuotaName} (${QuotaCode}): ${Value} ${what}`;
  const usage = used === undefined ? '' : `, ${used} used or reserved`;
  if (Value < least) {
    return [finding('SLUICE_DOCTOR_QUOTA', `${about}${usage}, expected ${least} or more.`)];
  }
  if (used !== undefined && used > Value * NEAR) return [finding('SLUICE_DOCTOR_QUOTA', `${about}${usage}.`)];
  return [];
}

/** Partitions of the table with the most. */
async function countPartitions(doctor: DoctorContext): Promise<number> {
  const counts = await Promise.all(
    tableKinds.map(async (kind) => (await doctor.tablePartitions(kind))?.partitions.length ?? 0),
  );
  return Math.max(...counts);
}
