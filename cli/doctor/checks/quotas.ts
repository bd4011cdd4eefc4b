import { GetAccountCommand, type ThrottleSettings } from '@aws-sdk/client-api-gateway';
import { type AccountLimit, GetAccountSettingsCommand } from '@aws-sdk/client-lambda';
import { ListServiceQuotasCommand, type ServiceQuota } from '@aws-sdk/client-service-quotas';
import { type Config, requestLimits } from '../../../lib/schema/config.ts';
import { tableKinds } from '../../../lib/schema/kinds.ts';
import { isRegion } from '../../../lib/schema/regions.ts';
import { checkEach } from '../askAws.ts';
import type { DoctorContext } from '../DoctorContext.ts';
import { type Finding, finding } from '../findings.ts';
import type { Check } from '../runChecks.ts';

/** One quota, found by its name in Service Quotas: codes differ between what AWS has renamed. */
interface Quota {
  readonly service: string;
  readonly name: RegExp;
  /** The name, for people. */
  readonly called: string;
  readonly what: string;
  /** Least that is enough. */
  readonly least: number;
  /** How much of it is used, when that can be told. */
  readonly used: (doctor: DoctorContext) => Promise<number | undefined>;
}

/** Part of a quota from which on it is nearly used up. */
const NEAR = 0.8;
/** Lambda keeps as many for functions without a reservation. https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html */
const UNRESERVED = 100;
/** What accounts get that aren't new. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LAMBDA_DEFAULT = 1_000;
/** Least default of a region, for each stream. https://docs.aws.amazon.com/firehose/latest/dev/limits.html */
const FIREHOSE_PUTS = 1_000;
/** Pages of 100 quotas. */
const MOST_QUOTA_PAGES = 10;

/**
 * What one queue's function runs at most at once: `maximumConcurrency` of each queue in serverless.yml, and the least
 * that Lambda takes. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
const WORKERS_OF_A_QUEUE = 2;

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

/** The account's quotas, which are lower in new accounts and shared with whatever else runs there. */
export const quotas: Check = {
  name: 'quotas',
  expects: 'the quotas of API Gateway, Lambda, Firehose and Glue leave room',
  needs: ['stack'],
  blocks: [],
  codes: [
    'SLUICE_DOCTOR_REQUEST_LIMIT',
    'SLUICE_DOCTOR_QUOTA_LOW',
    'SLUICE_DOCTOR_QUOTA_NEAR',
    'SLUICE_DOCTOR_QUOTA_UNKNOWN',
  ],
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

/** API Gateway says itself what holds: Service Quotas shows 10,000 requests where 2,500 are taken. */
async function askGateway(doctor: DoctorContext): Promise<Finding[]> {
  const { apiGateway } = await doctor.clients();
  const { throttleSettings } = await doctor.ask('apigateway:GET', () =>
    apiGateway.send(new GetAccountCommand({})),
  );
  const [config, { region }] = await Promise.all([doctor.config(), doctor.identity()]);
  return judgeGateway(throttleSettings ?? {}, isRegion(region) ? { ...config, region } : config);
}

/** Judges what the account takes by what the stage's limit and the alarm before it go by. */
function judgeGateway(
  { rateLimit, burstLimit }: ThrottleSettings,
  config: Pick<Config, 'region' | 'endpoint'>,
): Finding[] {
  if (rateLimit === undefined || burstLimit === undefined)
    return [finding('SLUICE_DOCTOR_QUOTA_UNKNOWN', 'apigateway: throttleSettings of the account.')];
  const { effectiveRequestsPerSecond, burst } = requestLimits(config);
  if (rateLimit >= effectiveRequestsPerSecond && burstLimit >= burst) return [];
  const account = `${rateLimit} a second, ${burstLimit} at once`;
  const configured = `${effectiveRequestsPerSecond} a second, ${burst} at once`;
  return [
    finding('SLUICE_DOCTOR_REQUEST_LIMIT', `The account takes ${account}; configured are ${configured}.`),
  ];
}

async function askLambda(doctor: DoctorContext): Promise<Finding[]> {
  const { lambda } = await doctor.clients();
  const { AccountLimit } = await doctor.ask('lambda:GetAccountSettings', () =>
    lambda.send(new GetAccountSettingsCommand({})),
  );
  return judgeLambda(AccountLimit ?? {}, await doctor.config());
}

/** Judges the account's concurrency: what is not reserved is shared by every function of the account and region. */
function judgeLambda(
  { ConcurrentExecutions: total, UnreservedConcurrentExecutions: unreserved }: AccountLimit,
  { collector, sources, exports }: Pick<Config, 'collector' | 'sources' | 'exports'>,
): Finding[] {
  if (total === undefined || unreserved === undefined)
    return [finding('SLUICE_DOCTOR_QUOTA_UNKNOWN', 'lambda: AccountLimit of the account.')];
  const reserved = Math.max(total - unreserved, collector.reservedConcurrency ?? 0);
  const about = `Lambda: ${total} executions at once in the account, ${reserved} of them reserved`;
  const least = Math.max(LAMBDA_DEFAULT, (collector.reservedConcurrency ?? 0) + UNRESERVED);
  if (total < least) {
    // Register and redrive always have a queue; ingest-plan and ingest-load, and export, where they are configured.
    const queues = 2 + (sources.length > 0 ? 2 : 0) + (exports.length > 0 ? 1 : 0);
    const workers = `The stack's ${queues} queues take up to ${queues * WORKERS_OF_A_QUEUE}, the collector has the rest`;
    return [finding('SLUICE_DOCTOR_QUOTA_LOW', `${about}, expected ${least} or more. ${workers}.`)];
  }
  return reserved > total * NEAR ? [finding('SLUICE_DOCTOR_QUOTA_NEAR', `${about}.`)] : [];
}

async function askQuota(doctor: DoctorContext, quota: Quota): Promise<Finding[]> {
  const found = await readQuota(doctor, quota);
  if (found === undefined)
    return [finding('SLUICE_DOCTOR_QUOTA_UNKNOWN', `${quota.service}: ${quota.called}.`)];
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
    return [finding('SLUICE_DOCTOR_QUOTA_LOW', `${about}${usage}, expected ${least} or more.`)];
  }
  if (used !== undefined && used > Value * NEAR)
    return [finding('SLUICE_DOCTOR_QUOTA_NEAR', `${about}${usage}.`)];
  return [];
}

/** Partitions of the table that has most. */
async function countPartitions(doctor: DoctorContext): Promise<number> {
  const counts = await Promise.all(
    tableKinds.map(async (kind) => (await doctor.tablePartitions(kind))?.partitions.length ?? 0),
  );
  return Math.max(...counts);
}
