import type { DefaultEncryption } from '../../lib/access/buckets/bucketSettings.ts';
import { isTrialBoundary, isTrialStage } from '../../lib/access/operators/trialPolicy.ts';
import { ACCESS_LIMITS } from '../../lib/access/policyDocument.ts';
import { customerSession, exportSession, loadSession } from '../../lib/access/sessionPolicies.ts';
import { parseArn } from '../../lib/base/arn.ts';
import { isJsonObject } from '../../lib/base/json.ts';
import { ConfigError, refusedFields } from '../../lib/config/ConfigError.ts';
import { unexpected } from '../../lib/schema/ConfigProblem.ts';
import type { Config } from '../../lib/schema/config.ts';
import { hasFunctionUrl } from '../../lib/schema/endpoint.ts';
import { lateDays, MOST_LOOKBACK_DAYS } from '../../lib/schema/exports.ts';
import { type RegionalSettings, regionProblems } from '../../lib/schema/regionProblems.ts';
import { isRegion, type Region } from '../../lib/schema/regions.ts';
import { collectorConcurrency } from '../../lib/schema/requestLimits.ts';
import { LOCAL_STAGE } from '../../lib/schema/stages.ts';
import { exportFolder } from '../../lib/tables/exportKeys.ts';
import { logicalIds } from '../template/Stack.ts';
import type { PackagedTemplate, TemplatePlace } from '../template/substitute.ts';
import { templateProblems } from '../template/templateProblems.ts';
import type { DeployedStack } from './deployedStack.ts';
import { type EncryptedStack, type EncryptionSettings, encryptionProblems } from './encryptionProblems.ts';
import { heldNames } from './readerProblems.ts';

/** Matches keys of routes that leave OPTIONS to the gateway. `ANY` and `$default` would take it. */
const LEAVES_OPTIONS = /^(DELETE|GET|HEAD|PATCH|POST|PUT) /;

/**
 * Refuses a route that takes browsers' preflights: the gateway answers them by its CORS settings only where no route
 * matches OPTIONS. Another API than ours may have such routes.
 * https://github.com/aws/serverless-application-model/issues/1603
 *
 * @throws ConfigError `SLUICE_CONFIG_ROUTE_TAKES_PREFLIGHTS`
 */
export function requirePreflightsOfGateway({ Resources = {} }: PackagedTemplate): void {
  const taking = Object.entries(Resources).flatMap(([id, { Type, Properties = {} }]) => {
    const { ApiId, RouteKey } = Properties;
    const key = typeof RouteKey === 'string' ? RouteKey : JSON.stringify(RouteKey);
    if (Type !== 'AWS::ApiGatewayV2::Route' || LEAVES_OPTIONS.test(key)) return [];
    const api = isJsonObject(ApiId) ? ApiId['Ref'] : undefined;
    return typeof api === 'string' && api !== logicalIds.httpApi ? [] : [`${key} (${id})`];
  });
  if (taking.length > 0)
    throw new ConfigError('SLUICE_CONFIG_ROUTE_TAKES_PREFLIGHTS', `${taking.join(', ')}.`);
}

/**
 * Refuses to package session policies that STS would refuse at run time: those of each load and each export, and those
 * of the customers' roles.
 *
 * @throws ConfigError `SLUICE_CONFIG_SESSION_TOO_LARGE`, which names the first.
 */
export function requireSessionPoliciesFit(config: Config): void {
  const { bucket, encryption, existing, sources, exports } = config;
  const account = '0'.repeat(12);
  const place = { partition: 'aws', account, bucket, encryption, keyArn: existing.keyArn };
  const demand = (field: string, policies: readonly string[]) => {
    const most = Math.max(...policies.map((policy) => policy.length));
    if (most > ACCESS_LIMITS.sessionPolicyCharacters)
      throw new ConfigError(
        'SLUICE_CONFIG_SESSION_TOO_LARGE',
        `${field}: ${most} characters of ${ACCESS_LIMITS.sessionPolicyCharacters}.`,
      );
  };
  for (const [i, source] of sources.entries())
    for (const [j, dataset] of source.datasets.entries())
      demand(`sources.${i}.datasets.${j}`, [
        loadSession(place, config, source, dataset),
        customerSession(source, `${dataset.folder}/`, 'read'),
      ]);
  for (const [i, exported] of exports.entries())
    demand(`exports.${i}`, [
      exportSession(place, config, exported),
      customerSession(exported.target, exportFolder(exported), 'write'),
    ]);
}

/**
 * Refuses to package a template that IAM or CloudFormation would refuse. CloudFormation would roll the deployment back
 * only after minutes.
 *
 * @throws ConfigError `SLUICE_CONFIG_STACK_TOO_LARGE`, which names each resource with its count.
 */
export function requireTemplateFits(template: PackagedTemplate, place: TemplatePlace): void {
  const problems = templateProblems(template, place);
  if (problems.length > 0)
    throw new ConfigError(
      'SLUICE_CONFIG_STACK_TOO_LARGE',
      `\n  ${problems.map(({ text }) => text).join('\n  ')}`,
    );
}

/**
 * Refuses the boundary of `sluice trial` for a stage that is no trial. The boundary allows only what has the name of a
 * trial, so the roles of any other stack could do nothing. The local cloud may have it, because it does not enforce
 * boundaries.
 *
 * @throws ConfigError `SLUICE_CONFIG_TRIAL_BOUNDARY`
 */
export function requireOwnBoundary(
  { permissionsBoundary }: Pick<Config, 'permissionsBoundary'>,
  stage: string,
): void {
  if (stage !== LOCAL_STAGE && isTrialBoundary(permissionsBoundary) && !isTrialStage(stage))
    throw new ConfigError(
      'SLUICE_CONFIG_TRIAL_BOUNDARY',
      `permissionsBoundary: got "${permissionsBoundary}" for the stage ${stage}.`,
    );
}

/**
 * Refuses to deploy the stage of the local cloud, because nothing compares its names with other stages' names.
 *
 * @throws ConfigError `SLUICE_CONFIG_STAGE_UNKNOWN`
 */
export function requireDeployableStage(stage: string): void {
  if (stage === LOCAL_STAGE)
    throw new ConfigError(
      'SLUICE_CONFIG_STAGE_UNKNOWN',
      `stage: got "${LOCAL_STAGE}", which is the local cloud's and is not deployed.`,
    );
}

/** The stage and the region that a package is deployed to, or was made for. */
interface DeployTarget {
  /** `prod` */
  readonly stage: string;
  /** `eu-central-1` */
  readonly region: string;
}

/**
 * Refuses to deploy a package (`serverless deploy --package`) of another stage or region. Serverless would give its resources
 * to the stack that the command line names.
 *
 * @throws ConfigError `SLUICE_CONFIG_PACKAGE_DIFFERS`
 */
export function requirePackageOf(target: DeployTarget, packaged: DeployTarget): void {
  const problems = (['stage', 'region'] as const)
    .filter((member) => packaged[member] !== target[member])
    .map((member) => `${member}: got a package of ${packaged[member]}, expected one of ${target[member]}.`);
  if (problems.length > 0) throw new ConfigError('SLUICE_CONFIG_PACKAGE_DIFFERS', problems.join(' '));
}

/**
 * Refuses to deploy to another account than the configuration states. Stages of two accounts may have equal names,
 * which would collide in one account.
 *
 * @param account The account of the credentials.
 * @throws ConfigError `SLUICE_CONFIG_ACCOUNT_DIFFERS`
 */
export function requireAccount(config: Pick<Config, 'account'>, account: string): void {
  if (config.account !== null && config.account !== account)
    throw new ConfigError(
      'SLUICE_CONFIG_ACCOUNT_DIFFERS',
      `account: got ${account}, expected ${config.account}.`,
    );
}

/**
 * Refuses another encryption than the stack or its existing bucket has.
 *
 * @param stack The stack of the stage; undefined before its first deployment.
 * @param bucketDefault How an existing bucket encrypts: see {@link encryptionProblems}.
 * @throws ConfigError `SLUICE_CONFIG_ENCRYPTION_DIFFERS`
 */
export function requireEncryption(
  config: EncryptionSettings,
  stack: EncryptedStack | undefined,
  bucketDefault?: DefaultEncryption,
): void {
  const problems = encryptionProblems(config, stack, bucketDefault);
  if (problems.length > 0)
    throw new ConfigError('SLUICE_CONFIG_ENCRYPTION_DIFFERS', problems.map(({ text }) => text).join(' '));
}

/**
 * Refuses a name of a reader that another role or user of the stack has: the deployment would be rolled back.
 *
 * @throws ConfigError `SLUICE_CONFIG_INVALID`.
 */
export function requireFreeNames(
  config: Pick<Config, 'readers'>,
  stack: Pick<DeployedStack, 'stackName' | 'resources'>,
): void {
  const problems = heldNames(config, stack);
  if (problems.length > 0) throw refusedFields(problems);
}

/**
 * Refuses to deploy a collector that would refuse every request because no key may post events, unless the configuration
 * says that the keys are in the secret. The secret cannot be read here, and the first deployment creates it.
 *
 * @throws ConfigError `SLUICE_CONFIG_NO_KEYS`
 */
export function requireKeys(config: {
  /** The configured keys, each with what it may send; without `kinds`, everything. */
  readonly keys: readonly { readonly label: string; readonly kinds?: readonly string[] }[];
  /** Whether keys are in the secret. */
  readonly keysInSecret: boolean;
  /** Whether every key may post events. */
  readonly allowAnyKey: boolean;
}): void {
  if (config.keys.every(({ kinds }) => kinds?.length === 0) && !config.keysInSecret && !config.allowAnyKey)
    throw new ConfigError('SLUICE_CONFIG_NO_KEYS');
}

/**
 * Refuses a region that lacks a service or the Function URL that the configuration wants, and a region other than that
 * of the configured key.
 *
 * @param region The region to deploy to: `region` of the configuration, unless `--region` says otherwise.
 * @throws ConfigError `SLUICE_CONFIG_INVALID`.
 */
export function requireRegion(region: string, settings: RegionalSettings): asserts region is Region {
  if (!isRegion(region))
    throw refusedFields([
      unexpected(
        'region',
        region,
        'a region that has all of the services: docs/reference/configuration.md lists them',
      ),
    ]);
  const problems = regionProblems(region, settings);
  if (problems.length > 0) throw refusedFields(problems);
}

/**
 * Refuses a topic or a certificate in another region: CloudWatch cannot notify such a topic, and the domain of an HTTP API takes no such
 * certificate. https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-regional-api-custom-domain-create.html
 *
 * @param region The region to deploy to.
 * @throws ConfigError `SLUICE_CONFIG_INVALID`.
 */
export function requireArnRegions(
  { alarms, endpoint }: Pick<Config, 'alarms' | 'endpoint'>,
  region: string,
): void {
  const arns = {
    'alarms.topicArn': alarms.topicArn,
    'endpoint.certificateArn': endpoint.certificateArn,
  };
  const problems = Object.entries(arns).flatMap(([field, arn]) => {
    const found = arn === null ? region : parseArn(arn).region;
    const text = `got one of ${found}, expected one of ${region}, where the stack is: AWS takes no other.`;
    return found === region ? [] : [{ field, text }];
  });
  if (problems.length > 0) throw refusedFields(problems);
}

/**
 * Warnings before a deployment, about settings that work but should be improved. Each is one sentence with the cure.
 */
export function packageWarnings(
  config: Pick<Config, 'alarms' | 'endpoint' | 'collector' | 'exports' | 'sources' | 'timeWindow'>,
): string[] {
  const { alarms, endpoint, collector, exports, sources, timeWindow } = config;
  const { executions, requestsPerSecond } = collectorConcurrency(collector);
  return [
    ...(alarms.topicArn === null
      ? [
          'The alarms notify nobody: set `alarms.topicArn` of the configuration to the ARN of an SNS topic (docs/metrics.md).',
        ]
      : []),
    ...(hasFunctionUrl(endpoint)
      ? [
          `The Function URL answers 429 beyond ${executions} executions at once or ${requestsPerSecond} requests a second, and SDKs drop the events of such a request: the gateway answers 5xx, and they send again. The alarms \`concurrency\` and \`request-rate\` fire at half of these (docs/endpoint.md, "A Function URL").`,
        ]
      : []),
    ...(endpoint.kind === 'both'
      ? [
          'Events are taken at two addresses: once nothing arrives at the one that you leave, set `endpoint.kind` to the other.',
        ]
      : []),
    ...exports
      .filter(
        ({ table }) => !sources.some(({ datasets }) => datasets.some((dataset) => dataset.table === table)),
      )
      .filter(({ lookbackDays }) => lookbackDays < lateDays(config))
      .map(({ name, lookbackDays }) => {
        const cure =
          lookbackDays < MOST_LOOKBACK_DAYS
            ? 'Leave `lookbackDays` out, or raise it'
            : 'Export older days by `export run`';
        return `The export ${name} looks back ${lookbackDays} days, and rows can be ${timeWindow.pastDays} days late: later ones stay out of it. ${cure} (docs/export.md).`;
      }),
  ];
}
