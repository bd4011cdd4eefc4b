import type { Config } from '../../lib/schema/config.ts';
import type { TableKind } from '../../lib/schema/kinds.ts';

/** Input of the template. */
export interface Stack {
  readonly config: Config;
  /** `service` of serverless.yml. */
  readonly service: string;
  /** `--stage`. */
  readonly stage: string;
}

/** Physical name of a part: `sluice-dev-exposures`. Serverless names functions the same way. */
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
  queue: 'RegisterQueue',
  deadLetters: 'RegisterDeadLetterQueue',
  objectCreatedRule: 'ObjectCreatedRule',
  stream: 'LandingStream',
  landingRole: 'LandingDeliveryRole',
  landingLogGroup: 'LandingDeliveryLogGroup',
  landingLogStream: 'LandingDeliveryLogStream',
  landingRule: 'LandingRule',
  writeQueue: 'WriteQueue',
  writeDeadLetters: 'WriteDeadLetterQueue',
  planQueue: 'IngestPlanQueue',
  planDeadLetters: 'IngestPlanDeadLetterQueue',
  loadQueue: 'IngestLoadQueue',
  loadDeadLetters: 'IngestLoadDeadLetterQueue',
  collectRole: 'CollectRole',
  registerRole: 'RegisterRole',
  writeRole: 'WriteRole',
  planRole: 'IngestPlanRole',
  triggerRole: 'IngestTriggerRole',
  loadRole: 'IngestLoadRole',
  /** Serverless creates these from the names in serverless.yml. */
  registerLogGroup: 'RegisterLogGroup',
  writeLogGroup: 'WriteLogGroup',
  loadLogGroup: 'IngestDashloadLogGroup',
  httpApi: 'HttpApi',
  httpApiStage: 'HttpApiStage',
  accessLogGroup: 'AccessLogGroup',
  domain: 'Domain',
  domainMapping: 'DomainMapping',
  collectUrl: 'CollectUrl',
  triggerUrl: 'IngestTriggerUrl',
} as const;

const kindPrefix = { exposures: 'Exposures', events: 'Events', quarantine: 'Quarantine' } as const;

/** Logical ID of a kind's table, e.g. `ExposuresTable`. */
export function tableId(kind: TableKind): string {
  return `${kindPrefix[kind]}Table`;
}

/** Logical IDs of the curation. */
export const curateIds = {
  planQueue: 'CuratePlanQueue',
  planDeadLetters: 'CuratePlanDeadLetterQueue',
  planRole: 'CuratePlanRole',
  queue: 'CurateQueue',
  deadLetters: 'CurateDeadLetterQueue',
  role: 'CurateRole',
  rawFilesRule: 'CurateRawFilesRule',
  stackRule: 'CurateStackRule',
} as const;

/** Logical IDs of the export. */
export const exportIds = {
  queue: 'ExportQueue',
  deadLetters: 'ExportDeadLetterQueue',
  role: 'ExportRole',
} as const;

/** Logical IDs of relay. */
export const relayIds = {
  queue: 'RelayQueue',
  deadLetters: 'RelayDeadLetterQueue',
  role: 'RelayRole',
} as const;
