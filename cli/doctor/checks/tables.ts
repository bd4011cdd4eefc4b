import { GetTableCommand, type Table as GlueTable } from '@aws-sdk/client-glue';
import { catalog } from '../../../infra/catalog.ts';
import { kindId, logicalIds } from '../../../infra/Stack.ts';
import type { Config } from '../../../lib/config/configSchema.ts';
import { valueAt } from '../../../lib/json/valueAt.ts';
import { groupsFolder } from '../../../lib/layout/landedFolders.ts';
import { tableFolder } from '../../../lib/layout/tableFolders.ts';
import { tableKinds } from '../../../lib/schema/kinds.ts';
import { deliveredTables } from '../../../lib/tables/deliveredTables.ts';
import { groupsTable } from '../../../lib/tables/groupsTable.ts';
import type { Column, Table } from '../../../lib/tables/Table.ts';
import { inParts, isAnswer } from '../askAws.ts';
import type { Check } from '../Check.ts';
import { type Finding, finding } from '../Finding.ts';
import { mendDatabase, mendTable } from '../mendCatalog.ts';
import { readDatabase } from '../readDatabase.ts';

/** The tables in the catalog beside what is written: Athena reads by the one, Firehose writes by the other. */
export const tables: Check = {
  name: 'tables',
  expects: 'the tables are those that are written: columns, comments, order, partition key, location, format',
  needs: ['stack'],
  blocks: ['SLUICE_DOCTOR_DATABASE_MISSING'],
  codes: [
    'SLUICE_DOCTOR_DATABASE_MISSING',
    'SLUICE_DOCTOR_TABLE_MISSING',
    'SLUICE_DOCTOR_TABLE_COLUMNS',
    'SLUICE_DOCTOR_TABLE_COMMENTS',
    'SLUICE_DOCTOR_TABLE_PARTITION_KEY',
    'SLUICE_DOCTOR_TABLE_LOCATION',
    'SLUICE_DOCTOR_TABLE_FORMAT',
  ],
  permissions: ['glue:GetDatabase', 'glue:GetTable'],
  async run(visit) {
    const config = await visit.config();
    // As for a bucket that is brought, locations are texts, where the template refers to its own.
    const resources = catalog({
      config: { ...config, existing: { ...config.existing, bucket: true } },
      ...visit.stack,
    });
    if (!(await readDatabase(visit))) {
      const logicalId = logicalIds.database;
      const commands = await mendDatabase(visit, { logicalId, resource: resources[logicalId] });
      return [finding('SLUICE_DOCTOR_DATABASE_MISSING', `${config.database}.`, commands)];
    }
    const { glue } = await visit.clients();
    const delivered = deliveredTables(config);
    const wanted: readonly WantedTable[] = [
      ...tableKinds.map((kind) => ({
        ...delivered[kind],
        logicalId: kindId(kind, 'Table'),
        folder: tableFolder(config, kind),
      })),
      { ...groupsTable, logicalId: logicalIds.groupsTable, folder: groupsFolder(config) },
    ];
    return inParts(
      wanted,
      async (table) => {
        const { name, logicalId } = table;
        const made = { logicalId, resource: resources[logicalId] };
        try {
          const { Table } = await visit.ask('glue:GetTable', () =>
            glue.send(new GetTableCommand({ DatabaseName: config.database, Name: name })),
          );
          const input = valueAt(made.resource, ['Properties', 'TableInput']);
          const findings = judgeTable(Table ?? { Name: name }, table, input, config);
          if (findings.length === 0) return [];
          const anew = findings.some(({ code }) => code === 'SLUICE_DOCTOR_TABLE_PARTITION_KEY');
          const commands = await mendTable(visit, made, anew ? 'replace' : 'update');
          return findings.map((one) => ({ ...one, commands }));
        } catch (error) {
          if (!isAnswer(error, 'EntityNotFoundException')) throw error;
          const commands = await mendTable(visit, made, 'create');
          return [finding('SLUICE_DOCTOR_TABLE_MISSING', `${config.database}.${name}.`, commands)];
        }
      },
      (impossible) => impossible.finding,
    );
  },
};

/** A table as it should be. */
interface WantedTable extends Pick<Table, 'name' | 'columns'>, Partial<Pick<Table, 'partitionKey'>> {
  readonly logicalId: string;
  /** Of its rows, in the bucket. */
  readonly folder: string;
}

/** Members of a table's input that decide how its files are read. */
const FORMAT = [
  ['TableType'],
  ['StorageDescriptor', 'InputFormat'],
  ['StorageDescriptor', 'OutputFormat'],
  ['StorageDescriptor', 'SerdeInfo', 'SerializationLibrary'],
] as const;

/**
 * Judges a table by what it should be.
 *
 * @param input The `TableInput` of the template, for its format.
 */
function judgeTable(
  there: GlueTable,
  wanted: WantedTable,
  input: unknown,
  { bucket }: Pick<Config, 'bucket'>,
): Finding[] {
  const { name } = wanted;
  const columns = (there.StorageDescriptor?.Columns ?? []).map(columnOf);
  const keys = (there.PartitionKeys ?? []).map(columnOf);
  const findings: Finding[] = [];
  const differing = columnProblems(columns, wanted.columns);
  if (differing.length > 0)
    findings.push(finding('SLUICE_DOCTOR_TABLE_COLUMNS', `${name}: ${differing.join('; ')}.`));
  const { partitionKey } = wanted;
  const comments = [...wanted.columns, ...(partitionKey === undefined ? [] : [partitionKey])].filter(
    ({ name: column, comment }) => {
      const same = [...columns, ...keys].find((one) => one.name === column);
      return same !== undefined && same.comment !== comment;
    },
  );
  if (comments.length > 0)
    findings.push(
      finding(
        'SLUICE_DOCTOR_TABLE_COMMENTS',
        `${name}: ${comments.map((column) => column.name).join(', ')}.`,
      ),
    );
  const key = partitionKey === undefined ? 'none' : `${partitionKey.name} ${partitionKey.type}`;
  const came = keys.map((one) => `${one.name} ${one.type}`).join(', ') || 'none';
  if (came !== key) {
    findings.push(finding('SLUICE_DOCTOR_TABLE_PARTITION_KEY', `${name}: came ${came}, expected ${key}.`));
  }
  const location = `s3://${bucket}/${wanted.folder}`;
  const thereLocation = there.StorageDescriptor?.Location ?? 'none';
  if (thereLocation.replace(/\/?$/, '/') !== location)
    findings.push(
      finding('SLUICE_DOCTOR_TABLE_LOCATION', `${name}: came ${thereLocation}, expected ${location}.`),
    );
  const format = FORMAT.flatMap((path) => {
    const [came, expected] = [valueAt(there, path), valueAt(input, path)];
    return came === expected ? [] : [`${path.at(-1)}: came ${came ?? 'none'}, expected ${expected}`];
  });
  if (format.length > 0)
    findings.push(finding('SLUICE_DOCTOR_TABLE_FORMAT', `${name}: ${format.join('; ')}.`));
  return findings;
}

/** A column of Glue's. One without a type is a string to it. */
export function columnOf({
  Name = '',
  Type = 'string',
  Comment = '',
}: {
  readonly Name?: string | undefined;
  readonly Type?: string | undefined;
  readonly Comment?: string | undefined;
}) {
  return { name: Name, type: Type, comment: Comment };
}

/** How columns differ from those wanted, by name, type and order; empty when they don't. */
export function columnProblems(
  there: readonly { readonly name: string; readonly type: string }[],
  wanted: readonly Pick<Column, 'name' | 'type'>[],
): string[] {
  const types = new Map(there.map(({ name, type }) => [name, type]));
  const names = new Set<string>(wanted.map(({ name }) => name));
  const problems = wanted.flatMap(({ name, type }) => {
    const came = types.get(name);
    if (came === undefined) return [`${name} is missing`];
    return came === type ? [] : [`${name} is ${came}, expected ${type}`];
  });
  problems.push(...there.filter(({ name }) => !names.has(name)).map(({ name }) => `${name} is not ours`));
  if (problems.length > 0) return problems;
  const moved = wanted.find(({ name }, i) => there[i]?.name !== name);
  return moved === undefined ? [] : [`the order differs from ${moved.name} on`];
}
