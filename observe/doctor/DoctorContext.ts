import { DescribeStacksCommand, ListStackResourcesCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { logicalIds } from '../../infra/template/Stack.ts';
import { gluePartitionCatalog } from '../../lib/aws/gluePartitionCatalog.ts';
import { s3DayFolders } from '../../lib/aws/s3DayFolders.ts';
import { shellCommand } from '../../lib/base/text.ts';
import type { Clock } from '../../lib/base/time.ts';
import { type Attempts, CatalogCallError, readPages } from '../../lib/landing/catalog/catalogCalls.ts';
import type { CatalogPartition, CatalogTable } from '../../lib/landing/catalog/PartitionCatalog.ts';
import type { Config } from '../../lib/schema/config.ts';
import type { TableKind } from '../../lib/schema/kinds.ts';
import { tableFolder } from '../../lib/tables/tableFolders.ts';
import { deploymentOptions, type NamedPlace, readClock } from '../../observe/deployment.ts';
import { askAws, isAwsError } from './askAws.ts';
import { type Clients, closeClients, openClients } from './clients.ts';
import { CheckImpossible, finding } from './findings.ts';

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

/** What checks read from. Everything is requested when it is first needed, and only once. */
export interface DoctorContext {
  /** `service` of serverless.yml, and the stage. */
  readonly stack: { readonly service: string; readonly stage: string };
  /** `sluice-prod` */
  readonly stackName: string;
  /** Whether it is the local cloud: an endpoint on loopback. */
  readonly local: boolean;
  readonly clock: Clock;
  /** The time of the deployment, epoch ms: the local cloud's clock can be moved. */
  now(): Promise<number>;
  /** @throws ConfigError */
  config(): Promise<Config>;
  clients(): Promise<Clients>;
  identity(): Promise<Identity>;
  /** The stack, as CloudFormation describes it; undefined if there is none. */
  deployedStack(): Promise<Stack | undefined>;
  /** Resources of the stack by logical ID. */
  resources(): Promise<ReadonlyMap<string, DeployedResource>>;
  /** ARN of the key that encrypts the bucket, an existing one or the stack's. */
  keyArn(): Promise<string>;
  /** Partitions and folders of a table; undefined if the table does not exist. */
  tablePartitions(kind: TableKind): Promise<TablePartitions | undefined>;
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
  place(): Promise<readonly string[]>;
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
  readonly place: NamedPlace['place'];
  readonly local: boolean;
  readonly loadConfig: () => Promise<Config>;
  readonly clock: Clock;
}

/** Opens the context of all checks; `close` it at the end. */
export function openDoctorContext(
  options: DoctorContextOptions,
): DoctorContext & { readonly close: () => void } {
  const { stack, place, local, clock } = options;
  const stackName = `${stack.service}-${stack.stage}`;
  const config = once(options.loadConfig);
  let opened: Clients | undefined;
  const clients = once(async () => {
    opened = openClients({
      ...place,
      region: place.region ?? (await config()).region,
    });
    return opened;
  });
  const ask: DoctorContext['ask'] = (permission, call) => askAws(permission, local, call);
  const identity = once(async () => readIdentity(await clients(), clock, ask));
  const deployedStack = once(async () => readStack(await clients(), stackName, ask));
  const resources = once(async () => readResources(await clients(), stackName, ask));
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
    local,
    clock,
    now: once(() => readClock({ local, place })),
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
          finding('SLUICE_DOCTOR_KEY_MISSING', `${stackName} has no ${logicalIds.key}.`),
        );
      }
      const { kms } = await clients();
      const { KeyMetadata } = await ask('kms:DescribeKey', () =>
        kms.send(new DescribeKeyCommand({ KeyId: key.physicalId })),
      );
      return KeyMetadata?.Arn ?? key.physicalId;
    }),
    tablePartitions: (kind) => partitionsOf[kind](),
    ask,
    async command(words) {
      const region = await (await clients()).sts.config.region();
      const where = ['--region', region, ...(place.endpoint ? ['--endpoint-url', place.endpoint] : [])];
      return shellCommand(['aws', ...words, ...where]);
    },
    async place() {
      // Without a configuration or a profile, no region is known.
      const region = await clients()
        .then(({ sts }) => sts.config.region())
        .catch(() => place.region);
      return deploymentOptions({
        ...{ stack, local },
        place: { ...place, ...(region === undefined ? {} : { region }) },
      });
    },
    close() {
      if (opened !== undefined) closeClients(opened);
    },
  };
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
  const [catalog, days] = [gluePartitionCatalog(glue), s3DayFolders(s3)];
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
    const folders = await ask('s3:ListBucket', () =>
      readPages(attempts, MOST_PAGES, (token) =>
        days.listPage(config.bucket, tableFolder(config, kind), token),
      ),
    );
    const partitions = await ask('glue:GetPartitions', () =>
      readPages(attempts, MOST_PAGES, (token) => catalog.listPage(config.database, name, token)),
    );
    return { table, partitions: partitions ?? [], folders: folders ?? [] };
  } catch (error) {
    if (error instanceof Error && error.name === 'EntityNotFoundException') return undefined;
    throw error;
  }
}

function unwrap(error: unknown): never {
  throw error instanceof CatalogCallError && error.cause instanceof Error ? error.cause : error;
}
