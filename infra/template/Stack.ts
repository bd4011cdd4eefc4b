import type { Config } from '../../lib/schema/config.ts';
import type { TableKind } from '../../lib/schema/kinds.ts';
import { isLandingStream, landingStreams, type StreamId, streamNumber } from '../../lib/tables/streams.ts';
import { getAtt, type Value } from './Resource.ts';

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
  scratchDatabase: 'ScratchDatabase',
  groupsTable: 'ExperimentGroupsTable',
  workgroup: 'Workgroup',
  loadWorkgroup: 'LoadWorkgroup',
  queryEndedRule: 'QueryEndedRule',
  keysSecret: 'KeysSecret',
  holdsSecret: 'HoldsSecret',
  holdQueue: 'HoldQueue',
  holdDeadLetters: 'HoldDeadLetterQueue',
  holdRole: 'HoldRole',
  queue: 'RegisterQueue',
  deadLetters: 'RegisterDeadLetterQueue',
  objectCreatedRule: 'ObjectCreatedRule',
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
  passThroughRole: 'PassThroughRole',
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

/** Logical ID of a kind's own resource, e.g. `ExposuresStream`. */
export function kindId(
  kind: TableKind,
  part:
    | 'Table'
    | 'Stream'
    | 'LateAlarm'
    | 'ExpiringAlarm'
    | 'DeliveryRole'
    | 'DeliveryLogGroup'
    | 'DeliveryLogStream',
): string {
  return `${kindPrefix[kind]}${part}`;
}

/** Logical ID of what each stream has: `LandingStream`, `LandingStream2`. The first is called as if there were no other. */
export function streamPartId(stream: StreamId, part: 'Stream' | 'LateAlarm' | 'ExpiringAlarm'): string {
  if (!isLandingStream(stream)) return kindId(stream, part);
  const number = streamNumber(stream);
  return `Landing${part}${number === 1 ? '' : number}`;
}

/** ARNs of the streams of the landing. */
export function streamArns({ config }: Pick<Stack, 'config'>): readonly Value[] {
  return landingStreams(config).map((stream) => getAtt(streamPartId(stream, 'Stream')));
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

/** Logical IDs of the monitors. */
export const monitorIds = {
  queue: 'MonitorQueue',
  deadLetters: 'MonitorDeadLetterQueue',
  workgroup: 'MonitorWorkgroup',
  role: 'MonitorRole',
} as const;

/** Logical IDs of relay. */
export const relayIds = {
  queue: 'RelayQueue',
  deadLetters: 'RelayDeadLetterQueue',
  waitingQueue: 'RelayWaitingQueue',
  waitingDeadLetters: 'RelayWaitingDeadLetterQueue',
  role: 'RelayRole',
  rule: 'RelayWaitingRule',
} as const;
