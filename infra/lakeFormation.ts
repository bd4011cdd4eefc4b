import { valueAt } from '../lib/base/json.ts';
import { resources } from './resources.ts';
import type { Resource, Resources, Value } from './template/Resource.ts';
import type { Stack } from './template/Stack.ts';

/** A grant of Lake Formation. */
export interface LakeGrant {
  /** Logical ID of the role or user in the stack. */
  readonly logicalId: string;
  readonly isRole: boolean;
  readonly database: string;
  /** Null: the grant is on the database; `*`: on all of its tables. */
  readonly table: string | null;
  /** In the order of the alphabet. */
  readonly permissions: readonly string[];
}

/**
 * Lake Formation's permissions for each action of Glue.
 * https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html A partition is a part of its
 * table: it is read with DESCRIBE, changed with ALTER, and its rows are added with INSERT.
 */
const ON_DATABASE: Readonly<Record<string, readonly string[]>> = {
  GetDatabase: ['DESCRIBE'],
  GetDatabases: ['DESCRIBE'],
  CreateTable: ['CREATE_TABLE', 'DESCRIBE'],
};
const onTable = (action: string): readonly string[] => {
  if (/^(Batch)?Get(Table|Partition)/.test(action)) return ['DESCRIBE'];
  if (/^DeleteTable$|^BatchDeleteTable$/.test(action)) return ['DROP'];
  if (/^(Batch)?CreatePartition$/.test(action)) return ['ALTER', 'INSERT'];
  return /^(Batch)?(Update|Delete)(Table|Partition)$/.test(action) ? ['ALTER'] : [];
};

/**
 * Every grant that the roles and users of a stack need where Lake Formation controls its databases, from their own policies: so
 * none is missing. Who asks Athena also selects from the tables that it may look at.
 */
export function lakeGrants(stack: Stack): readonly LakeGrant[] {
  const { Resources } = resources(stack);
  return Object.entries(Resources).flatMap(([logicalId, resource]) => {
    if (resource.Type !== 'AWS::IAM::Role' && resource.Type !== 'AWS::IAM::User') return [];
    const isRole = resource.Type === 'AWS::IAM::Role';
    return grantsOf(statementsOf(Resources, logicalId, resource)).map((grant) => ({
      ...{ logicalId, isRole },
      ...grant,
    }));
  });
}

interface Allowed {
  readonly actions: readonly string[];
  /** `table/sluice/statsig_forwarded_events` */
  readonly names: readonly string[];
}

function grantsOf(statements: readonly Allowed[]): Omit<LakeGrant, 'logicalId' | 'isRole'>[] {
  const queries = statements.some(({ actions }) => actions.includes('athena:StartQueryExecution'));
  const granted = new Map<string, Set<string>>();
  for (const { actions, names } of statements)
    for (const action of actions.filter((one) => one.startsWith('glue:')).map((one) => one.slice(5)))
      for (const name of names) {
        const [kind, database = '', table = ''] = name.split('/');
        // Lists of all databases need no permission: they contain only what is granted.
        if (database === '*') continue;
        const permissions =
          kind === 'database' ? (ON_DATABASE[action] ?? []) : kind === 'table' ? onTable(action) : [];
        const selects = kind === 'table' && queries && permissions.includes('DESCRIBE');
        for (const permission of [...permissions, ...(selects ? ['SELECT'] : [])]) {
          const of = kind === 'database' ? database : `${database}/${table}`;
          granted.set(of, (granted.get(of) ?? new Set()).add(permission));
        }
      }
  return [...granted].map(([of, permissions]) => {
    const [database = '', table = null] = of.split('/');
    return { database, table, permissions: [...permissions].sort() };
  });
}

/** The statements that allow something, of a role or user and of the policies that are attached to it. */
function statementsOf(all: Resources, logicalId: string, identity: Resource): Allowed[] {
  const attached = Object.entries(all).filter(([id, { Type, Properties }]) => {
    if (Type !== 'AWS::IAM::ManagedPolicy') return false;
    const refs = (value: unknown) => listOf(value).map((one) => valueAt(one, ['Ref']));
    return (
      refs(identity.Properties['ManagedPolicyArns']).includes(id) ||
      [...refs(Properties['Roles']), ...refs(Properties['Users'])].includes(logicalId)
    );
  });
  const documents = [
    ...listOf(identity.Properties['Policies']).map((policy) => valueAt(policy, ['PolicyDocument'])),
    ...attached.map(([, { Properties }]) => Properties['PolicyDocument']),
  ];
  return documents
    .flatMap((document) => listOf(valueAt(document, ['Statement'])))
    .filter((statement) => valueAt(statement, ['Effect']) === 'Allow')
    .map((statement) => ({
      actions: listOf(valueAt(statement, ['Action'])).map(String),
      names: listOf(valueAt(statement, ['Resource'])).map((arn) => nameOf(all, arn)),
    }));
}

/** The last part of an ARN, with the names of databases and tables in place of references to them. */
function nameOf(all: Resources, arn: unknown): string {
  const text = typeof arn === 'string' ? arn : String(valueAt(arn, ['Fn::Sub']) ?? '');
  const name = text.slice(text.lastIndexOf(':') + 1);
  return name.replaceAll(/\$\{(\w+)\}/g, (whole, id: string) => {
    const properties = all[id]?.Properties;
    const known =
      valueAt(properties, ['TableInput', 'Name']) ?? valueAt(properties, ['DatabaseInput', 'Name']);
    return typeof known === 'string' ? known.toLowerCase() : whole;
  });
}

function listOf(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** A grant as a command of the AWS CLI for a POSIX shell in which `$account` is set and `id` answers the name of a logical ID. */
export function grantCommand({ logicalId, isRole, database, table, permissions }: LakeGrant): string {
  const on: Value =
    table === null
      ? { Database: { Name: database } }
      : {
          Table: {
            DatabaseName: database,
            ...(table === '*' ? { TableWildcard: {} } : { Name: table }),
          },
        };
  const principal = `arn:aws:iam::$account:${isRole ? 'role' : 'user'}/$(id ${logicalId})`;
  return `aws lakeformation grant-permissions --permissions ${permissions.join(' ')} --principal "DataLakePrincipalIdentifier=${principal}" --resource '${JSON.stringify(on)}'`;
}
