import type { Config } from '../../lib/schema/config.ts';
import type { TableKind } from '../../lib/schema/kinds.ts';
import type { Resource } from './Resource.ts';

/** Input of the template. */
export interface Stack {
  /** The configuration of the deployment. */
  readonly config: Config;
  /** `service` of serverless.yml. */
  readonly service: string;
  /** `--stage`. */
  readonly stage: string;
}

/** The physical name of a part: `sluice-dev-exposures`. Serverless names functions in the same way. */
export function partName(stack: Pick<Stack, 'service' | 'stage'>, part: string): string {
  return `${stack.service}-${stack.stage}-${part}`;
}

/** Logical IDs that more than one file refers to. */
export const logicalIds = {
  bucket: 'DataBucket',
  statsigBucket: 'StatsigBucket',
  key: 'DataKey',
  database: 'Database',
  stagingDatabase: 'StagingDatabase',
  groupsTable: 'ExperimentGroupsTable',
  receivedHoursTable: 'ReceivedHoursTable',
  workgroup: 'Workgroup',
  keysSecret: 'KeysSecret',
  objectCreatedRule: 'ObjectCreatedRule',
  rawFilesRule: 'CurateRawFilesRule',
  stackRule: 'CurateStackRule',
  stream: 'LandingStream',
  landingRole: 'LandingDeliveryRole',
  landingLogGroup: 'LandingDeliveryLogGroup',
  landingLogStream: 'LandingDeliveryLogStream',
  landingRule: 'LandingRule',
  accessLogGroup: 'AccessLogGroup',
  domain: 'Domain',
  domainMapping: 'DomainMapping',
  collectUrl: 'CollectUrl',
  triggerUrl: 'IngestTriggerUrl',
  // Serverless creates the following resources, and makes the IDs from the names of functions.
  registerLogGroup: 'RegisterLogGroup',
  writeLogGroup: 'WriteLogGroup',
  loadLogGroup: 'IngestDashloadLogGroup',
  httpApi: 'HttpApi',
  httpApiStage: 'HttpApiStage',
} as const;

/**
 * The logical ID of something whose name is of words: `IngestPlanQueue` of `ingest-plan`. The resources of a function
 * are named after it.
 */
export function idOf(name: string, what = ''): string {
  return name.replaceAll(/(?:^|[-_]+)(.?)/g, (_, first: string) => first.toUpperCase()) + what;
}

/** Logical ID of a kind's table, e.g. `ExposuresTable`. */
export function tableId(kind: TableKind): string {
  return idOf(kind, 'Table');
}

/**
 * The members of a resource that stays when the stack is deleted, and that frees its name if the deployment that
 * creates it fails.
 */
export const RETAINED = {
  DeletionPolicy: 'RetainExceptOnCreate',
  UpdateReplacePolicy: 'Retain',
} as const satisfies Partial<Resource>;

/** The members of a resource that stays always, also if the deployment that creates it fails. */
export const ALWAYS_RETAINED = {
  DeletionPolicy: 'Retain',
  UpdateReplacePolicy: 'Retain',
} as const satisfies Partial<Resource>;

/** Logical ID of the role of the load. */
export const LOAD_ROLE = idOf('ingest-load', 'Role');
/** Logical ID of the role of the writer. */
export const WRITE_ROLE = idOf('write', 'Role');
