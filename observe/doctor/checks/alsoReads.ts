import { GetTableCommand, GetTablesCommand, type Table } from '@aws-sdk/client-glue';
import { foreignBuckets } from '../../../lib/access/alsoReads.ts';
import { readLocation } from '../../../lib/base/s3Location.ts';
import type { Config } from '../../../lib/schema/config.ts';
import type { AlsoReads } from '../../../lib/schema/fields/alsoReads.ts';
import type { Reader } from '../../../lib/schema/readers.ts';
import { readPrestoView } from '../../../lib/views/prestoView.ts';
import { sluiceCommand } from '../../commands.ts';
import { type Finding, finding } from '../../findings/catalogue.ts';
import { checkEach, isAwsError } from '../askAws.ts';
import type { DoctorContext } from '../DoctorContext.ts';
import type { Check } from '../runChecks.ts';

/** Tables of a database that are looked at when it is read whole. */
const MOST_TABLES = 100;

/**
 * Checks tables that readers use beside Sluice's. The catalogue knows where their files are, and which are views.
 * Neither IAM's simulator nor Sluice knows the policies of buckets of other accounts.
 */
export const alsoReads: Check = {
  name: 'also-reads',
  expects:
    'the tables that `alsoReads` names exist, their files are in its locations, and readers may read the tables of its views; buckets of other accounts are not checked',
  needs: ['stack'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_ALSO_READS', 'SLUICE_DOCTOR_UNCHECKED'],
  permissions: ['glue:GetTable', 'glue:GetTables'],
  async run(doctor) {
    const config = await doctor.config();
    const target = await doctor.target();
    const elsewhere = config.readers.flatMap((reader) =>
      foreignBuckets(reader).map(({ bucket, folders, owner }) =>
        finding(
          'SLUICE_DOCTOR_UNCHECKED',
          `${reader.name}: ${folders.map((folder) => `s3://${bucket}/${folder}`).join(', ')} of the account ${owner}.`,
          [sluiceCommand(target, ['connect', 'owner', bucket])],
        ),
      ),
    );
    const subjects = config.readers.flatMap((reader) => reader.alsoReads.map((entry) => ({ reader, entry })));
    const found = await checkEach(
      subjects,
      async ({ reader, entry }) => {
        const tables = await readTables(doctor, entry);
        return tables.flatMap((table) =>
          typeof table === 'string'
            ? [finding('SLUICE_DOCTOR_ALSO_READS', `${reader.name}: ${entry.database}.${table}.`)]
            : judgeTable(config, reader, entry, table),
        );
      },
      (impossible) => impossible.finding,
    );
    return [...found, ...elsewhere];
  },
};

/** The tables of an entry; of one that does not exist its name. */
async function readTables(
  doctor: DoctorContext,
  { database: DatabaseName, tables }: AlsoReads,
): Promise<readonly (Table | string)[]> {
  const { glue } = await doctor.clients();
  const orMissing = async <Found>(name: string, ask: () => Promise<Found>) => {
    try {
      return await ask();
    } catch (error) {
      if (!isAwsError(error, 'EntityNotFoundException')) throw error;
      return name;
    }
  };
  if (tables === undefined) {
    const found = await orMissing('*', () =>
      doctor.ask('glue:GetTables', async () => {
        const { TableList = [] } = await glue.send(
          new GetTablesCommand({ DatabaseName, MaxResults: MOST_TABLES }),
        );
        return TableList;
      }),
    );
    return typeof found === 'string' ? [found] : found;
  }
  const found: (Table | string)[] = [];
  for (const name of tables)
    found.push(
      await orMissing(name, async () => {
        const { Table } = await doctor.ask('glue:GetTable', () =>
          glue.send(new GetTableCommand({ DatabaseName, Name: name })),
        );
        return Table ?? name;
      }),
    );
  return found;
}

/** Judges a table that a reader is given: its files are in the locations of the reader, a view's tables are the reader's, too. */
export function judgeTable(
  config: Pick<Config, 'database'>,
  reader: Pick<Reader, 'name' | 'alsoReads'>,
  { database }: Pick<AlsoReads, 'database'>,
  { Name = '', ViewOriginalText: text, StorageDescriptor: { Location = '' } = {} }: Table,
): Finding[] {
  if (text !== undefined && text !== '') {
    const mayRead = (source: Source) =>
      source.database === config.database ||
      reader.alsoReads.some(
        (entry) =>
          entry.database === source.database &&
          (entry.tables === undefined || entry.tables.includes(source.table)),
      );
    const missing = viewSources(text, database).filter((source) => !mayRead(source));
    return missing.length === 0
      ? []
      : [
          finding(
            'SLUICE_DOCTOR_ALSO_READS',
            `${reader.name}: ${database}.${Name} reads ${missing.map((one) => `${one.database}.${one.table}`).join(', ')}.`,
          ),
        ];
  }
  const found = readLocation(Location);
  // A table that is linked from another account has no location of its own.
  if (found === undefined) return [];
  const isRead = reader.alsoReads.some((entry) =>
    entry.locations.some((location) => {
      const of = readLocation(location);
      return of?.bucket === found.bucket && found.folder.startsWith(of.folder);
    }),
  );
  return isRead
    ? []
    : [finding('SLUICE_DOCTOR_ALSO_READS', `${reader.name}: ${database}.${Name} is at ${Location}.`)];
}

/** A table that a view reads. */
interface Source {
  readonly database: string;
  readonly table: string;
}

const NAME = '(?:"(?:[^"]|"")+"|[A-Za-z_]\\w*)';
const SOURCE = new RegExp(`\\b(?:from|join)\\s+(${NAME}(?:\\s*\\.\\s*${NAME}){0,2})`, 'gi');
const WITH_NAME = new RegExp(`(${NAME})\\s*(?:\\([^()]*\\)\\s*)?as\\s*\\(`, 'gi');

/** The tables after FROM and JOIN in a view of Athena; none in a view of another engine, whose text Athena reads in its own way. */
function viewSources(text: string, ownDatabase: string): readonly Source[] {
  const view = readPrestoView(text);
  if (view === null) return [];
  const sql = view.originalSql.replace(/'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\//g, ' ');
  const plain = (name: string) => name.replace(/^"|"$/g, '').replaceAll('""', '"').toLowerCase();
  const withs = new Set([...sql.matchAll(WITH_NAME)].map(([, name = '']) => plain(name)));
  const sources = [...sql.matchAll(SOURCE)].flatMap(([, path = '']): Source[] => {
    const names = [...path.matchAll(new RegExp(NAME, 'g'))].map(([name]) => plain(name));
    const [table = '', database] = names.toReversed();
    if (database === undefined && (withs.has(table) || table === 'unnest' || table === 'lateral')) return [];
    return [{ database: database ?? view.schema ?? ownDatabase, table }];
  });
  return [...new Map(sources.map((one) => [`${one.database}.${one.table}`, one])).values()];
}
