import { GetWorkGroupCommand } from '@aws-sdk/client-athena';
import type { Column, Table, TableInput } from '@aws-sdk/client-glue';
import { GetRoleCommand, GetUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { identityId, readerId } from '../../infra/readers/readers.ts';
import type { Resource } from '../../infra/template/Resource.ts';
import { logicalIds, tableId } from '../../infra/template/Stack.ts';
import { parseArn } from '../../lib/base/arn.ts';
import { valueAt } from '../../lib/base/json.ts';
import type { Config } from '../../lib/schema/config.ts';
import { tableKinds } from '../../lib/schema/kinds.ts';
import { isRole, type Reader } from '../../lib/schema/readers.ts';
import { readCuratedDays } from '../../lib/views/curatedViews.ts';
import { readPrestoView } from '../../lib/views/prestoView.ts';
import { viewNames } from '../../lib/views/viewNames.ts';
import type { AskPart, Deployment } from '../deployment.ts';
import { revertDriftWords } from '../deploymentCommands.ts';
import { ifThere } from '../ifThere.ts';
import { differingPoints } from './differingPoints.ts';
import { isOtherRelease, type ReadStack, readStackResources } from './flow/stackOutputs.ts';
import { templateResources } from './functions/queueFaults.ts';
import { readGlueTables } from './tables/tables.ts';

/** What is asked of the stack, each by itself. */
export type StackPart =
  | 'the alarms'
  | 'the tables of the catalog'
  | `the workgroup ${string}`
  | `the identity of the reader ${string}`
  | `the secret of the reader ${string}`
  | "the functions' runs";

/** A reader that has lost its role, its user, or the secret with its keys. */
export interface FaultyReader extends Pick<Reader, 'name' | 'kind'> {
  /** Whether it is a role of the stack, or a user. */
  readonly as: 'role' | 'user';
}

/** Something of the stack that is gone, or is not as the template has it. */
export interface StackFault {
  /** What it is. */
  readonly what:
    | 'alarm'
    | 'database'
    | 'table'
    | 'view'
    | 'workgroup'
    | 'queue'
    | 'identity of a reader'
    | 'secret of a reader';
  /** Its name. */
  readonly name: string;
  /** The reader whose role, user or secret it is. Absent of all else. */
  readonly reader?: FaultyReader;
  /** How many others of its kind are gone, too: of alarms, which are one fault. Absent without any. */
  readonly others?: number;
  /** The question whose answer shows it. */
  readonly part: StackPart;
  /** How it differs; null if it is gone. */
  readonly differs: readonly string[] | null;
  /** Of `differs` of a queue the one that names another key than that of the template. Absent of all else. */
  readonly keyPoint?: string;
  /** Whether the deployed stack has it. */
  readonly isDeployed: boolean;
  /** When the stack was deployed last, ISO 8601; null if CloudFormation does not say it. */
  readonly deployedAt: string | null;
  /** When it was changed last, by the catalog, ISO 8601; null of what nobody keeps. */
  readonly changedAt: string | null;
  /** When a deleted secret is gone for good, by Secrets Manager, ISO 8601: until then it can be brought back. Absent of all else. */
  readonly keptUntil?: string;
  /** Whether another release of Sluice has deployed the stack, whose definitions may differ. */
  readonly isOtherRelease: boolean;
  /** Words after `aws` of the commands that make it right; none if a deployment, or the next start of the local cloud, does. */
  readonly repair: readonly (readonly string[])[];
  /** Whether the registrar gives a raw table its partitions, or their columns, after the repair. */
  readonly isRegistered?: boolean;
}

/**
 * Compares tables, views and workgroups with the template of the configuration, with which the stack has to be deployed, and looks
 * whether alarms and readers are there: a call of CloudFormation, one of Glue for each 100 names, and one for each workgroup and reader.
 * CloudFormation is not known to compare what is in Glue.
 *
 * @param stack `alarms`: the names of those that CloudWatch has; null if nobody knows.
 * @param ask Asks for one of these, so that one that cannot be read hides no other.
 * @throws What CloudFormation's client throws.
 */
export async function readStackFaults(
  deployment: Deployment,
  { id: stackArn, outputs, deployedAt, alarms }: ReadStack & { readonly alarms: readonly string[] | null },
  ask: AskPart<StackPart>,
): Promise<readonly StackFault[]> {
  const { isLocal, stack } = deployment;
  const compared: Compared = {
    deployment,
    ask,
    resources: templateResources(deployment, outputs),
    ids: await readStackResources(deployment),
    account: parseArn(stackArn).account,
    // The local cloud has no change sets.
    revert: isLocal ? [] : revertDriftWords(`${stack.service}-${stack.stage}`),
    common: { isDeployed: true, deployedAt, changedAt: null, isOtherRelease: isOtherRelease(outputs) },
  };
  const found = [
    ...(await catalogFaults(compared)),
    ...(await workgroupFaults(compared)),
    ...alarmFaults(compared, alarms),
    ...(await identityFaults(compared)),
    ...(await secretFaults(compared)),
  ];
  return found.filter(({ differs }) => differs?.length !== 0);
}

/** What the parts of a stack are compared by. */
interface Compared {
  /** The deployment that is asked. */
  readonly deployment: Deployment;
  /** Asks for one part. */
  readonly ask: AskPart<StackPart>;
  /** The resources of the template by logical ID. */
  readonly resources: readonly (readonly [id: string, resource: Resource])[];
  /** The physical IDs of the deployed stack's resources by logical ID. */
  readonly ids: ReadonlyMap<string, string>;
  /** The account of the stack. */
  readonly account: string;
  /** Words of the commands that make again what is gone. */
  readonly revert: readonly (readonly string[])[];
  /** What faults of the stack have in common, but for those of the catalog. */
  readonly common: Pick<StackFault, 'isDeployed' | 'deployedAt' | 'changedAt' | 'isOtherRelease'>;
}

/** Its database, if it is gone; else how its tables and views differ. */
async function catalogFaults(compared: Compared): Promise<readonly StackFault[]> {
  const { config } = compared.deployment;
  const answer = await compared.ask('the tables of the catalog', async (open) => ({
    // The stack does not make a database that is brought.
    listed: config.existing.database
      ? await readGlueTables(open)
      : await ifThere(readGlueTables(open), /^EntityNotFoundException$/),
  }));
  if (answer === null) return [];
  const { listed } = answer;
  if (listed === undefined)
    return compared.resources
      .filter(([id]) => id === logicalIds.database)
      .map(([id, { Properties }]) =>
        databaseFault(compared, id, JSON.stringify(Properties['DatabaseInput'])),
      );
  const tables = new Map(listed.map((table) => [table.Name, table]));
  return compared.resources
    .filter(([, { Type }]) => Type === 'AWS::Glue::Table')
    .map(([id, { Properties }]) => {
      const input: TableInput = Object(Properties['TableInput']);
      return tableFault(compared, id, input, tables.get(input.Name));
    });
}

/** A database that is gone. @param input Its JSON, as Glue takes it. */
function databaseFault({ deployment, ids, common }: Compared, id: string, input: string): StackFault {
  return {
    ...common,
    part: 'the tables of the catalog',
    what: 'database',
    isDeployed: ids.has(id),
    name: deployment.config.database,
    differs: null,
    repair: ids.has(id) ? [['glue', 'create-database', '--database-input', input]] : [],
  };
}

/** How a table or a view differs; it does not if its differences are none. @param present Undefined if it is gone. */
function tableFault(
  { deployment: { config }, ids, common }: Compared,
  id: string,
  input: TableInput,
  present: Table | undefined,
): StackFault {
  const { Name: name = '' } = input;
  const differs = present === undefined ? null : tableProblems(config, input, present);
  const location = ['--database-name', config.database];
  const words = (verb: string) => ['glue', verb, ...location, '--table-input', JSON.stringify(input)];
  const make = words('create-table');
  // Glue does not change the partition keys of a table that has partitions.
  const isOther = differs !== null && keyNames(input) !== keyNames(present);
  const again = isOther
    ? [['glue', 'delete-table', ...location, '--name', name], make]
    : [words('update-table')];
  const repair = differs === null ? [make] : again;
  return {
    ...common,
    part: 'the tables of the catalog',
    what: input.TableType === 'VIRTUAL_VIEW' ? 'view' : 'table',
    changedAt: present?.UpdateTime?.toISOString() ?? null,
    isDeployed: ids.has(id),
    name: differs === null ? `${config.database}.${name}` : name,
    differs,
    repair: ids.has(id) ? repair : [],
    isRegistered: RAW_TABLE_IDS.includes(id),
  };
}

/** Logical IDs of the raw tables. */
const RAW_TABLE_IDS = tableKinds.map(tableId);

/** How workgroups differ, and which are gone. */
async function workgroupFaults({
  deployment: { athena },
  ask,
  resources: all,
  ids,
  account,
  revert,
  common,
}: Compared): Promise<readonly StackFault[]> {
  const found: StackFault[] = [];
  for (const [id, { Type, Properties }] of all) {
    const name = ids.get(id);
    if (Type !== 'AWS::Athena::WorkGroup' || name === undefined) continue;
    const part: StackPart = `the workgroup ${name}`;
    const answer = await ask(part, async () => ({
      present: await ifThere(
        athena.send(new GetWorkGroupCommand({ WorkGroup: name })),
        /^InvalidRequestException$/,
      ),
    }));
    if (answer === null) continue;
    const present = answer.present?.WorkGroup;
    // A key that the outputs do not tell is a reference in the template.
    const text = JSON.stringify(Properties).replaceAll('{"Ref":"AWS::AccountId"}', JSON.stringify(account));
    const properties: unknown = JSON.parse(text, (member, value) =>
      member === 'KmsKey' && typeof value !== 'string' ? undefined : value,
    );
    const configuration = valueAt(properties, ['WorkGroupConfiguration']);
    const wanted = { State: valueAt(properties, ['State']), ...Object(configuration) };
    found.push(
      present === undefined
        ? { ...common, part, what: 'workgroup', name, differs: null, repair: revert }
        : { ...common, part, ...workgroupFault(name, wanted, { ...present, ...present.Configuration }) },
    );
  }
  return found;
}

/** Alarms that are gone, as one fault. @param alarms Names of those that are there; null if nobody knows. */
function alarmFaults(
  { resources: all, ids, revert, common }: Compared,
  alarms: readonly string[] | null,
): readonly StackFault[] {
  if (alarms === null) return [];
  const deployed = all.flatMap(([id, { Type }]) =>
    Type === 'AWS::CloudWatch::Alarm' ? (ids.get(id) ?? []) : [],
  );
  const [name, ...others] = deployed.filter((alarm) => !alarms.includes(alarm));
  if (name === undefined) return [];
  const about = { part: 'the alarms', what: 'alarm', name, others: others.length } as const;
  return [{ ...common, ...about, differs: null, repair: revert }];
}

/** Roles and users of readers that are gone. */
async function identityFaults({
  deployment: { aws, config },
  ask,
  ids,
  revert,
  common,
}: Compared): Promise<readonly StackFault[]> {
  const found: StackFault[] = [];
  const iam = new IAMClient(aws);
  try {
    for (const reader of config.readers) {
      const id = identityId(reader);
      const name = ids.get(id);
      if (name === undefined) continue;
      const part: StackPart = `the identity of the reader ${reader.name}`;
      const answer = await ask(part, async () => ({
        present: await ifThere<unknown>(
          isRole(reader)
            ? iam.send(new GetRoleCommand({ RoleName: name }))
            : iam.send(new GetUserCommand({ UserName: name })),
        ),
      }));
      if (answer !== null && answer.present === undefined)
        found.push({
          ...common,
          part,
          what: 'identity of a reader',
          name,
          reader: faultyReader(reader),
          differs: null,
          repair: revert,
        });
    }
  } finally {
    iam.destroy();
  }
  return found;
}

/** What a fault has of its reader. */
function faultyReader(reader: Reader): FaultyReader {
  const { name, kind } = reader;
  return { name, kind, as: isRole(reader) ? 'role' : 'user' };
}

/** Secrets of readers that are gone, or deleted and still kept. */
async function secretFaults({
  deployment: { aws, config },
  ask,
  ids,
  revert,
  common,
}: Compared): Promise<readonly StackFault[]> {
  const found: StackFault[] = [];
  const secrets = new SecretsManagerClient(aws);
  try {
    for (const reader of config.readers) {
      const name = ids.get(readerId(reader, 'Secret'));
      if (name === undefined) continue;
      const part: StackPart = `the secret of the reader ${reader.name}`;
      const answer = await ask(part, async () => ({
        present: await ifThere(secrets.send(new DescribeSecretCommand({ SecretId: name }))),
      }));
      if (answer === null || (answer.present !== undefined && answer.present.DeletedDate === undefined))
        continue;
      // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
      const keptUntil = answer.present?.DeletedDate?.toISOString();
      const of = { what: 'secret of a reader', name, reader: faultyReader(reader) } as const;
      const about = { ...common, ...of, part, differs: null };
      const restore = [['secretsmanager', 'restore-secret', '--secret-id', name]];
      found.push(
        keptUntil === undefined ? { ...about, repair: revert } : { ...about, keptUntil, repair: restore },
      );
    }
  } finally {
    secrets.destroy();
  }
  return found;
}

/** The names of a table's partition keys, to be compared. */
function keyNames({ PartitionKeys = [] }: Pick<TableInput, 'PartitionKeys'> = {}): string {
  return JSON.stringify(PartitionKeys.map(({ Name }) => Name).sort());
}

/** How a workgroup differs, and the call of Athena that sets back what does. */
function workgroupFault(
  name: string,
  wanted: object,
  present: object,
): Pick<StackFault, 'what' | 'name' | 'differs' | 'repair'> {
  const differs = differingPoints(wanted, present, '');
  const differing = Object.entries(wanted).filter(
    ([member, value]) => differingPoints(value, valueAt(present, [member]), member).length > 0,
  );
  const { State, ResultConfiguration, ...others } = Object.fromEntries(differing);
  // https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfigurationUpdates.html
  const updates = JSON.stringify({ ...others, ResultConfigurationUpdates: ResultConfiguration });
  const state = State === undefined ? [] : ['--state', State];
  const words = ['--work-group', name, ...state, '--configuration-updates', updates];
  return { what: 'workgroup', name, differs, repair: [['athena', 'update-work-group', ...words]] };
}

/**
 * Parameters that change what queries read: Athena's projection, which leaves out what is registered, lines that are skipped, and
 * columns by position.
 * https://docs.aws.amazon.com/athena/latest/ug/partition-projection-setting-up.html,
 * https://docs.aws.amazon.com/athena/latest/ug/handling-schema-updates-chapter.html
 */
const READING =
  /^(projection\..*|storage\.location\.template|skip\.header\.line\.count|parquet\.column\.index\.access)$/;

/** How a table or view differs from its input in the template. Which days a view reads from curated tables may vary. */
function tableProblems(config: Config, input: TableInput, present: Table): readonly string[] {
  const name = viewNames.find((viewName) => viewName === present.Name);
  const text = readPrestoView(present.ViewOriginalText ?? '')?.originalSql;
  const isOther = name !== undefined && (text === undefined || readCuratedDays(config, name, text) === null);
  const { PartitionKeys = [], StorageDescriptor, TableType, Parameters } = input;
  const { Columns = [], ...storage } = StorageDescriptor ?? {};
  const { StorageDescriptor: stored } = present;
  const all = { ...present.Parameters, ...stored?.SerdeInfo?.Parameters };
  return [
    ...(isOther ? ['its SQL differs'] : []),
    ...columnProblems('column', Columns, stored?.Columns),
    ...columnProblems('partition key', PartitionKeys, present.PartitionKeys),
    // A view has an empty `SerdeInfo`, or none.
    ...differingPoints({ TableType, ...storage, Parameters }, { SerdeInfo: {}, ...stored, ...present }, ''),
    ...Object.keys(all).flatMap((parameter) =>
      READING.test(parameter) ? [`parameter \`${parameter}\` is not ours`] : [],
    ),
  ];
}

/** How columns differ, by their names, as engines read Parquet and JSON: neither order nor comments change a row. */
function columnProblems(
  subject: string,
  wanted: readonly Column[],
  present: readonly Column[] = [],
): readonly string[] {
  const named = (all: readonly Column[]) => new Map(all.map((column) => [column.Name, column]));
  const ours = named(wanted);
  const found = named(present);
  const names = new Set([...ours.keys(), ...found.keys()]);
  return [...names].flatMap((name) => {
    const our = ours.get(name);
    const presentColumn = found.get(name);
    const columnIs = `${subject} \`${name}\``;
    if (presentColumn === undefined) return [`${columnIs} is missing`];
    if (our === undefined) return [`${columnIs} is not ours`];
    return our.Type === presentColumn.Type
      ? []
      : [`${columnIs} is ${presentColumn.Type} instead of ${our.Type}`];
  });
}
