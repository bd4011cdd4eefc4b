import { DescribeStacksCommand, ListStackResourcesCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { logicalIds } from '../../infra/template/Stack.ts';
import { gluePartitionCatalog } from '../../lib/aws/gluePartitionCatalog.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { systemTiming } from '../../lib/base/retry.ts';
import { shellCommand } from '../../lib/base/text.ts';
import { type Clock, type UtcDay, utcDay } from '../../lib/base/time.ts';
import {
  type Attempts,
  CatalogCallError,
  dayFolders,
  readPages,
} from '../../lib/landing/catalog/catalogCalls.ts';
import type { CatalogPartition, CatalogTable } from '../../lib/landing/catalog/PartitionCatalog.ts';
import { findMissingDays } from '../../lib/landing/catalog/repairTable.ts';
import type { Config } from '../../lib/schema/config.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { tableFolders } from '../../lib/tables/tableFolders.ts';
import type { Deployment } from '../deployment.ts';
import type { PartitionGap, RecentPartitions } from '../facts/tables/partitionGaps.ts';
import { CheckImpossible, finding } from '../findings/catalogue.ts';
import { readStatus, type Status } from '../findings/status.ts';
import { deploymentOptions, readClock, type Target } from '../target.ts';
import { askAws, isAwsError } from './askAws.ts';
import { type Clients, closeClients, openClients } from './clients.ts';

/** The caller, the region, and the time at AWS. */
export interface Identity {
  readonly account: string;
  readonly arn: string;
  readonly partition: string;
  readonly region: string;
  /** `Date` of the response, epoch ms, whole seconds; undefined if it had none. */
  readonly theirTime: number | undefined;
  /** This machine's time immediately before and after the call, epoch ms. */
  readonly ourTime: { readonly before: number; readonly after: number };
}

/** One resource of the deployed stack. */
interface DeployedResource {
  readonly logicalId: string;
  /** `Ref`: usually the name; for a queue its URL, for a key its ID. */
  readonly physicalId: string;
  readonly type: string;
}

/** The data sources of checks. Each is requested when it is first needed, and only once. */
export interface DoctorContext {
  /** `service` of serverless.yml, and the stage. */
  readonly stack: { readonly service: string; readonly stage: string };
  /** `sluice-prod` */
  readonly stackName: string;
  /** Whether it is the local cloud: an endpoint on loopback. */
  readonly isLocal: boolean;
  readonly clock: Clock;
  /** The time of the deployment, epoch ms: the local cloud's clock can be moved. */
  now(): Promise<number>;
  /** @throws ConfigError */
  config(): Promise<Config>;
  clients(): Promise<Clients>;
  identity(): Promise<Identity>;
  /** The stack, as CloudFormation describes it; undefined if it does not exist. */
  deployedStack(): Promise<Stack | undefined>;
  /** Resources of the stack by logical ID. */
  resources(): Promise<ReadonlyMap<string, DeployedResource>>;
  /** ARN of the key that encrypts the bucket, an existing one or the stack's. */
  keyArn(): Promise<string>;
  /** Partitions and folders of a table; undefined if the table does not exist. */
  tablePartitions(kind: TableKind): Promise<TablePartitions | undefined>;
  /** The deployment, for readers that `sluice status` and other commands share. */
  deployment(): Promise<Deployment>;
  /** The result of `sluice status`. Checks that it also makes take their findings from it. */
  status(): Promise<Status>;
  /**
   * Makes one call of AWS.
   *
   * @param permission The IAM action that the call needs, which a denial names.
   * @throws CheckImpossible when the call is denied, or not emulated by the local cloud; AwsAccessError when AWS cannot
   *   be reached; otherwise what the client threw.
   */
  ask<Result>(permission: string, call: () => Promise<Result>): Promise<Result>;
  /** A command of the AWS CLI for a person to run, with the region and endpoint of the deployment. */
  command(words: readonly string[]): Promise<string>;
  /** The options of `sluice` that name the deployment. */
  target(): Promise<readonly string[]>;
}

/** A table's partitions, and the folders below its own. */
export interface TablePartitions {
  readonly table: CatalogTable;
  readonly partitions: readonly CatalogPartition[];
  readonly folders: readonly string[];
}

/** Pages of 100 resources; a stack has at most 500. */
const MOST_RESOURCE_PAGES = 10;

/** Which deployment is checked, and where it is. */
export interface DoctorContextOptions {
  readonly stack: DoctorContext['stack'];
  /** Without a region, that of the configuration; the rest is resolved as AWS tools do. */
  readonly aws: Target['aws'];
  readonly isLocal: boolean;
  readonly loadConfig: () => Promise<Config>;
  readonly clock: Clock;
}

/** Opens the context of all checks; `close` it at the end. */
export function openDoctorContext(
  options: DoctorContextOptions,
): DoctorContext & { readonly close: () => void } {
  const { stack, aws, isLocal, clock } = options;
  const stackName = `${stack.service}-${stack.stage}`;
  const config = once(options.loadConfig);
  let opened: Clients | undefined;
  const clients = once(async () => {
    opened = openClients({
      ...aws,
      region: aws.region ?? (await config()).region,
    });
    return opened;
  });
  const ask: DoctorContext['ask'] = (permission, call) => askAws(permission, isLocal, call);
  const identity = once(async () => readIdentity(await clients(), clock, ask));
  const deployedStack = once(async () => readStack(await clients(), stackName, ask));
  const resources = once(async () => readResources(await clients(), stackName, ask));
  const now = once(() => readClock({ isLocal, aws }));
  const deployment = once(async (): Promise<Deployment> => {
    const opened = await clients();
    const { athena, cloudWatch, glue, logs, s3 } = opened;
    return {
      ...{ config: await config(), stack, isLocal, now: await now(), ...systemTiming, clock },
      ...{ athena, cloudwatch: cloudWatch, glue, logs, s3 },
      localControl: isLocal ? aws.endpoint : undefined,
      aws: { ...aws, region: await s3.config.region() },
      close: () => closeClients(opened),
    };
  });
  const readPartitions = (kind: TableKind) =>
    once(async () => readTablePartitions({ ask, clients, clock }, await config(), kind));
  const partitionsOf = {
    exposures: readPartitions('exposures'),
    events: readPartitions('events'),
    quarantine: readPartitions('quarantine'),
  };

  return {
    stack,
    stackName,
    isLocal,
    clock,
    now,
    config,
    clients,
    identity,
    deployedStack,
    resources,
    keyArn: once(async () => {
      const { existing } = await config();
      if (existing.keyArn !== null) return existing.keyArn;
      const key = (await resources()).get(logicalIds.key);
      if (key === undefined) {
        throw new CheckImpossible(
          finding('SLUICE_DOCTOR_RESOURCE_MISSING', `${stackName} has no ${logicalIds.key}.`),
        );
      }
      const { kms } = await clients();
      const { KeyMetadata } = await ask('kms:DescribeKey', () =>
        kms.send(new DescribeKeyCommand({ KeyId: key.physicalId })),
      );
      return KeyMetadata?.Arn ?? key.physicalId;
    }),
    tablePartitions: (kind) => partitionsOf[kind](),
    deployment,
    status: once(async () =>
      readStatus(await deployment(), {
        partitions: async ({ now: at }) => comparePartitions(partitionsOf, utcDay(at)),
        outputs: async () => {
          const stream = (await resources()).get(logicalIds.stream);
          return new Map(stream === undefined ? [] : [['LandingStreamName', stream.physicalId]]);
        },
      }),
    ),
    ask,
    async command(words) {
      const region = await (await clients()).sts.config.region();
      const where = ['--region', region, ...(aws.endpoint ? ['--endpoint-url', aws.endpoint] : [])];
      return shellCommand(['aws', ...words, ...where]);
    },
    async target() {
      // Without a configuration or a profile, no region is known.
      const region = await clients()
        .then(({ sts }) => sts.config.region())
        .catch(() => aws.region);
      return deploymentOptions({
        ...{ stack, isLocal },
        aws: { ...aws, ...(region === undefined ? {} : { region }) },
      });
    },
    close() {
      if (opened !== undefined) closeClients(opened);
    },
  };
}

/**
 * All days with files and without a partition, as `sluice status` has them of the last days. The check of partitions says
 * which table can't be read.
 */
async function comparePartitions(
  read: Readonly<Record<TableKind, () => Promise<TablePartitions | undefined>>>,
  today: UtcDay,
): Promise<RecentPartitions> {
  let days = 0;
  const gaps: PartitionGap[] = [];
  for (const table of tableKinds) {
    const found = await read[table]().catch((error: unknown) => {
      if (error instanceof CheckImpossible) return undefined;
      throw error;
    });
    if (found === undefined) continue;
    const { folders, partitions } = found;
    days += folders.length;
    const missing = findMissingDays({ today, folders, partitions });
    gaps.push(...missing.filter((day) => folders.includes(day)).map((day) => ({ table, day })));
  }
  return { days, gaps };
}

/** Runs the work on the first call; later calls get the same result or error. */
function once<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let result: Promise<Result> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}

async function readIdentity({ sts }: Clients, clock: Clock, ask: DoctorContext['ask']): Promise<Identity> {
  let theirTime: number | undefined;
  let before = clock.now();
  sts.middlewareStack.add(
    (next) => async (args) => {
      before = clock.now();
      const result = await next(args);
      theirTime = dateOf(result.response) ?? theirTime;
      return result;
    },
    { step: 'deserialize', name: 'dateOfAnswer', priority: 'low', override: true },
  );
  const { Account = '', Arn = '' } = await ask('sts:GetCallerIdentity', () =>
    sts.send(new GetCallerIdentityCommand({})),
  );
  return {
    account: Account,
    arn: Arn,
    partition: Arn.split(':')[1] ?? 'aws',
    region: await sts.config.region(),
    theirTime,
    ourTime: { before, after: clock.now() },
  };
}

/** The `Date` of an HTTP response, epoch ms. */
function dateOf(response: unknown): number | undefined {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined;
  const date: unknown = Object(response.headers)['date'];
  const time = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

async function readStack(
  { cloudFormation }: Clients,
  StackName: string,
  ask: DoctorContext['ask'],
): Promise<Stack | undefined> {
  try {
    const { Stacks: [found] = [] } = await ask('cloudformation:DescribeStacks', () =>
      cloudFormation.send(new DescribeStacksCommand({ StackName })),
    );
    return found;
  } catch (error) {
    // CloudFormation has no specific error for a stack that does not exist.
    if (isAwsError(error, 'ValidationError')) return undefined;
    throw error;
  }
}

async function readResources(
  { cloudFormation }: Clients,
  StackName: string,
  ask: DoctorContext['ask'],
): Promise<ReadonlyMap<string, DeployedResource>> {
  const resources = new Map<string, DeployedResource>();
  let NextToken: string | undefined;
  for (let page = 0; page < MOST_RESOURCE_PAGES; page += 1) {
    const token = NextToken;
    const answer = await ask('cloudformation:ListStackResources', () =>
      cloudFormation.send(new ListStackResourcesCommand({ StackName, NextToken: token })),
    );
    for (const {
      LogicalResourceId = '',
      PhysicalResourceId = '',
      ResourceType = '',
    } of answer.StackResourceSummaries ?? []) {
      const resource = { logicalId: LogicalResourceId, physicalId: PhysicalResourceId, type: ResourceType };
      resources.set(LogicalResourceId, resource);
    }
    NextToken = answer.NextToken;
    if (NextToken === undefined) break;
  }
  return resources;
}

/** More pages than any number of days needs: a page has 1,000 partitions, or fewer if there are many columns. */
const MOST_PAGES = 500;
/** The longest time for the listings of one table. */
const TIME_MS = 120_000;

/** Undefined if the table does not exist, which another check reports. */
async function readTablePartitions(
  doctor: Pick<DoctorContext, 'ask' | 'clients' | 'clock'>,
  config: Pick<Config, 'bucket' | 'database' | 'statsigFolder' | 'tables'>,
  kind: TableKind,
): Promise<TablePartitions | undefined> {
  const { glue, s3 } = await doctor.clients();
  const [catalog, objects] = [gluePartitionCatalog(glue), s3ObjectStore(s3, config.bucket)];
  const name = config.tables[kind];
  const attempts: Attempts = {
    clock: doctor.clock,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    random: Math.random,
    deadline: doctor.clock.now() + TIME_MS,
  };
  // The adapters wrap errors of the client.
  const ask = <Result>(permission: string, call: () => Promise<Result>) =>
    doctor.ask(permission, () => call().catch(unwrap));
  try {
    const table = await ask('glue:GetTable', () => catalog.getTable(config.database, name));
    // Folders first: a partition that is registered between the two listings is then found.
    const folders: string[] = [];
    for (const folder of tableFolders(config, kind)) {
      const pages = await ask('s3:ListBucket', () =>
        readPages(attempts, MOST_PAGES, (token) => dayFolders(objects, folder, token)),
      );
      folders.push(...(pages ?? []));
    }
    const partitions = await ask('glue:GetPartitions', () =>
      readPages(attempts, MOST_PAGES, (token) => catalog.listPage(config.database, name, token)),
    );
    return { table, partitions: partitions ?? [], folders };
  } catch (error) {
    if (error instanceof Error && error.name === 'EntityNotFoundException') return undefined;
    throw error;
  }
}

function unwrap(error: unknown): never {
  throw error instanceof CatalogCallError && error.cause instanceof Error ? error.cause : error;
}
