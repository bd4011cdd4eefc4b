import { GetWorkGroupCommand } from '@aws-sdk/client-athena';
import type { Column, Table, TableInput } from '@aws-sdk/client-glue';
import { GetRoleCommand, GetUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { identityId, readerId } from '../../infra/readers/readers.ts';
import { resources } from '../../infra/resources.ts';
import { logicalIds, tableId } from '../../infra/template/Stack.ts';
import { parseArn } from '../../lib/base/arn.ts';
import { valueAt } from '../../lib/base/json.ts';
import type { Config } from '../../lib/schema/config.ts';
import { tableKinds } from '../../lib/schema/kinds.ts';
import { readCuratedDays } from '../../lib/views/curatedViews.ts';
import { readPrestoView } from '../../lib/views/prestoView.ts';
import { viewNames } from '../../lib/views/viewNames.ts';
import type { Deployment } from '../deployment.ts';
import { revertDriftWords } from '../deploymentCommands.ts';
import { ifThere } from '../explainAwsError.ts';
import { isOtherRelease, type ReadStack, readStackResources } from './flow/stackOutputs.ts';
import { readGlueTables } from './tables/tables.ts';

/** What is asked of the stack, each by itself. */
export type StackPart =
  | 'the alarms'
  | 'the tables of the catalog'
  | `the workgroup ${string}`
  | `the identity of the reader ${string}`
  | `the secret of the reader ${string}`;

/** Something of the stack that is gone, or is not as the template has it. */
export interface StackFault {
  /** What it is. */
  readonly what:
    | 'alarm'
    | 'database'
    | 'table'
    | 'view'
    | 'workgroup'
    | 'identity of a reader'
    | 'secret of a reader';
  /** Its name. */
  readonly name: string;
  /** How many others of its kind are gone, too: of alarms, which are one fault. Absent without any. */
  readonly others?: number;
  /** The question whose answer shows it. */
  readonly part: StackPart;
  /** How it differs; null if it is gone. */
  readonly differs: readonly string[] | null;
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

/** Reads one part; null, and a reason among the unknown parts, if that is not possible. */
export type AskPart = <Answer>(
  part: StackPart,
  question: (deployment: Deployment) => Promise<Answer>,
) => Promise<Answer | null>;

/**
 * Compares tables, views and workgroups with the template of the configuration, with which the stack has to be deployed, and looks
 * whether readers are there: a call of CloudFormation, one of Glue for each 100 names, and one for each workgroup and reader.
 * CloudFormation is not known to compare what is in Glue.
 *
 * @param stack `alarms`: the names of those that CloudWatch has; null if nobody knows.
 * @param ask Asks for one of these, so that one that cannot be read hides no other.
 * @throws What CloudFormation's client throws.
 */
export async function readStackFaults(
  deployment: Deployment,
  { id: stackArn, outputs, deployedAt, alarms }: ReadStack & { readonly alarms: readonly string[] | null },
  ask: AskPart,
): Promise<readonly StackFault[]> {
  const { athena, aws, config, isLocal, stack } = deployment;
  const ids = await readStackResources(deployment);
  const catalog = await ask('the tables of the catalog', async (open) => ({
    // The stack does not make a database that is brought.
    listed: config.existing.database
      ? await readGlueTables(open)
      : await ifThere(readGlueTables(open), /^EntityNotFoundException$/),
  }));
  const { listed } = catalog ?? {};
  const tables = new Map(listed?.map((table) => [table.Name, table]));
  // The local cloud has no change sets.
  const revert = isLocal ? [] : revertDriftWords(`${stack.service}-${stack.stage}`);
  // Names that a configuration brings are texts in the template, not references.
  const keyArn = config.existing.keyArn ?? outputs.get('KeyArn') ?? null;
  const written = { ...stack, config: { ...config, existing: { ...config.existing, bucket: true, keyArn } } };
  const { account } = parseArn(stackArn);
  const rawIds = tableKinds.map(tableId);
  const common = {
    isDeployed: true,
    deployedAt,
    changedAt: null,
    isOtherRelease: isOtherRelease(outputs),
  };
  const found: StackFault[] = [];
  const goneAlarms: string[] = [];
  for (const [id, { Type, Properties }] of Object.entries(resources(written).Resources)) {
    const name = ids.get(id);
    if (id === logicalIds.database && catalog !== null && listed === undefined)
      found.push(databaseFault(id, JSON.stringify(Properties['DatabaseInput'])));
    if (Type === 'AWS::Glue::Table' && listed !== undefined)
      found.push(tableFault(id, Object(Properties['TableInput'])));
    if (Type === 'AWS::CloudWatch::Alarm' && name !== undefined && alarms?.includes(name) === false)
      goneAlarms.push(name);
    if (Type !== 'AWS::Athena::WorkGroup' || name === undefined) continue;
    const part: StackPart = `the workgroup ${name}`;
    const answer = await ask(part, async () => ({
      group: (
        await ifThere(athena.send(new GetWorkGroupCommand({ WorkGroup: name })), /^InvalidRequestException$/)
      )?.WorkGroup,
    }));
    if (answer === null) continue;
    const present = answer.group;
    const { State, WorkGroupConfiguration } = JSON.parse(
      JSON.stringify(Properties).replaceAll('{"Ref":"AWS::AccountId"}', JSON.stringify(account)),
    );
    found.push(
      present === undefined
        ? { ...common, part, what: 'workgroup', name, differs: null, repair: revert }
        : {
            ...common,
            part,
            ...workgroupFault(
              name,
              { State, ...WorkGroupConfiguration },
              { ...present, ...present.Configuration },
            ),
          },
    );
  }
  const [alarm, ...others] = goneAlarms;
  if (alarm !== undefined) {
    const fault = { ...common, part: 'the alarms', what: 'alarm', name: alarm } as const;
    found.push({ ...fault, others: others.length, differs: null, repair: revert });
  }
  const iam = new IAMClient(aws);
  try {
    for (const reader of config.readers) {
      const id = identityId(reader);
      const name = ids.get(id);
      if (name === undefined) continue;
      const part: StackPart = `the identity of the reader ${reader.name}`;
      const answer = await ask(part, async () => ({
        present: await ifThere<unknown>(
          id.endsWith('Role')
            ? iam.send(new GetRoleCommand({ RoleName: name }))
            : iam.send(new GetUserCommand({ UserName: name })),
        ),
      }));
      if (answer !== null && answer.present === undefined)
        found.push({ ...common, part, what: 'identity of a reader', name, differs: null, repair: revert });
    }
  } finally {
    iam.destroy();
  }
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
      const about = { ...common, part, what: 'secret of a reader', name, differs: null } as const;
      const restore = [['secretsmanager', 'restore-secret', '--secret-id', name]];
      found.push(
        keptUntil === undefined ? { ...about, repair: revert } : { ...about, keptUntil, repair: restore },
      );
    }
  } finally {
    secrets.destroy();
  }
  return found.filter(({ differs }) => differs?.length !== 0);

  /** A database that is gone. */
  function databaseFault(id: string, input: string): StackFault {
    return {
      ...common,
      part: 'the tables of the catalog',
      what: 'database',
      isDeployed: ids.has(id),
      name: config.database,
      differs: null,
      repair: ids.has(id) ? [['glue', 'create-database', '--database-input', input]] : [],
    };
  }

  /** How a table or a view differs; it does not if its differences are none. */
  function tableFault(id: string, input: TableInput): StackFault {
    const { Name: name = '' } = input;
    const present = tables.get(name);
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
      isRegistered: rawIds.includes(id),
    };
  }
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
  const differs = differences(wanted, present, '');
  const differing = Object.entries(wanted).filter(
    ([member, value]) => differences(value, valueAt(present, [member]), member).length > 0,
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
  const { StorageDescriptor: stored } = present;
  const all = { ...present.Parameters, ...stored?.SerdeInfo?.Parameters };
  return [
    ...(isOther ? ['its SQL differs'] : []),
    ...columnProblems('column', StorageDescriptor?.Columns ?? [], stored?.Columns),
    ...columnProblems('partition key', PartitionKeys, present.PartitionKeys),
    ...differences({ TableType, ...StorageDescriptor, Parameters }, { ...stored, ...present }, ''),
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

/**
 * Members that are not as wanted, in words. What only objects that are there have, and empty values, count for nothing: Glue adds
 * defaults. Lists are compared elsewhere.
 */
function differences(wanted: unknown, present: unknown, path: string): readonly string[] {
  if (Array.isArray(wanted)) return [];
  if (typeof wanted === 'object' && wanted !== null)
    return Object.keys(wanted).flatMap((member) =>
      differences(
        valueAt(wanted, [member]),
        valueAt(present, [member]),
        path === '' ? member : `${path}.${member}`,
      ),
    );
  if ((present || '') === (wanted || '')) return [];
  return [`${path} is ${JSON.stringify(present) ?? 'nothing'} instead of ${JSON.stringify(wanted)}`];
}
