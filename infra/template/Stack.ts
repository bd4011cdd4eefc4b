import type { Config } from '../../lib/schema/config.ts';
import type { TableKind } from '../../lib/schema/kinds.ts';
import { type StreamId, shardOf, tableOf } from '../../lib/tables/streams.ts';

/** What the template is made from. */
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
  redriveQueue: 'RedriveQueue',
  redriveDeadLetters: 'RedriveDeadLetterQueue',
  redriveRule: 'UndeliveredRule',
  planQueue: 'IngestPlanQueue',
  planDeadLetters: 'IngestPlanDeadLetterQueue',
  loadQueue: 'IngestLoadQueue',
  loadDeadLetters: 'IngestLoadDeadLetterQueue',
  collectRole: 'CollectRole',
  passThroughRole: 'PassThroughRole',
  registerRole: 'RegisterRole',
  redriveRole: 'RedriveRole',
  planRole: 'IngestPlanRole',
  triggerRole: 'IngestTriggerRole',
  loadRole: 'IngestLoadRole',
  /** Serverless creates these from the names in serverless.yml. */
  registerLogGroup: 'RegisterLogGroup',
  redriveLogGroup: 'RedriveLogGroup',
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

/** Logical ID of what each stream has: `EventsStream`, `EventsStreamShard2`. The first is called as if there were no other. */
export function shardId(stream: StreamId, part: 'Stream' | 'LateAlarm' | 'ExpiringAlarm'): string {
  const shard = shardOf(stream);
  return `${kindId(tableOf(stream), part)}${shard === 1 ? '' : `Shard${shard}`}`;
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
  waitingQueue: 'RelayWaitingQueue',
  waitingDeadLetters: 'RelayWaitingDeadLetterQueue',
  role: 'RelayRole',
  rule: 'RelayWaitingRule',
} as const;
