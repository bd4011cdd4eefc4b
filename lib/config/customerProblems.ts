import { overlap } from '../base/s3Location.ts';
import { unexpected } from '../base/text.ts';
import type { Config } from '../schema/config.ts';
import { type Dataset, receiptFolder, type Source } from '../schema/sources.ts';
import { RESERVED_COLUMNS } from '../tables/deliveredTables.ts';
import { exportFolder } from '../tables/exportKeys.ts';
import { GROUPS_TABLE } from '../tables/groupsTable.ts';
import { RESERVED_INGESTED_COLUMNS, TAKEN_COLUMNS } from '../tables/ingestedTables.ts';
import { CURATED_LEDGER, EXPORTS_LEDGER } from '../tables/ledgerKeys.ts';
import { receivedHoursTable } from '../tables/receivedHoursTable.ts';
import { viewNames } from '../views/viewNames.ts';

/**
 * Names that no source may have, because the ledger has other folders of these names: claims on waiting objects, and
 * the ledgers of exports and of curated days.
 */
const TAKEN_SOURCES: ReadonlySet<string> = new Set([EXPORTS_LEDGER, CURATED_LEDGER, 'redrive']);

/**
 * Takes a name for a field. For a name that is taken already, it adds a problem.
 *
 * @param taken The field of each name.
 * @param what What the name is of, in words: `table`.
 * @param key What must not be taken. Default: the name.
 */
export type Claim = (
  taken: Map<string, string>,
  name: string,
  field: string,
  what: string,
  key?: string,
) => void;

/**
 * Makes the function that keeps names apart.
 *
 * @param problems Receives `<field>: got "<name>", expected another <what> than <the field that has it>.`
 */
export function claimer(problems: string[]): Claim {
  return (taken, name, field, what, key = name) => {
    const other = taken.get(key);
    if (other === undefined) taken.set(key, field);
    else problems.push(unexpected(field, name, `another ${what} than ${other}`));
  };
}

/** Problems of `sources` that no field shows alone; one sentence each, with the field's name in front. */
export function sourceProblems(
  config: Pick<Config, 'sources' | 'bucket' | 'tables' | 'curatedTables' | 'unitIds' | 'region'>,
): string[] {
  const problems: string[] = [];
  const names = new Map<string, string>();
  const tables = new Map<string, string>([
    ...Object.entries(config.tables).map(([kind, name]): [string, string] => [name, `tables.${kind}`]),
    ...Object.entries(config.curatedTables).map(([kind, name]): [string, string] => [
      name,
      `curatedTables.${kind}`,
    ]),
    ...viewNames.map((name): [string, string] => [name, 'a view']),
    [GROUPS_TABLE, 'the table of experiment groups'],
    [receivedHoursTable.name, 'the table of received hours'],
  ]);
  const claim = claimer(problems);
  for (const [i, source] of config.sources.entries()) {
    const field = `sources.${i}`;
    claim(names, source.name, `${field}.name`, 'name');
    if (TAKEN_SOURCES.has(source.name)) {
      problems.push(unexpected(`${field}.name`, source.name, 'another name: the ledger has that one'));
    }
    if (source.bucket === config.bucket) {
      problems.push(unexpected(`${field}.bucket`, source.bucket, 'another bucket than `bucket`'));
    }
    const datasets = new Map<string, string>();
    for (const [j, dataset] of source.datasets.entries()) {
      claim(datasets, dataset.name, `${field}.datasets.${j}.name`, 'name');
      claim(tables, dataset.table, `${field}.datasets.${j}.table`, 'table');
      problems.push(...declaredColumnProblems(dataset, `${field}.datasets.${j}.mapping`));
    }
  }
  problems.push(...sharedFolders(config.sources), ...sharedReceipts(config.sources));
  if (config.sources.some(({ datasets }) => datasets.some(({ kind }) => kind === 'events'))) {
    for (const [unitId, column] of Object.entries(config.unitIds)) {
      // Columns that forwarded tables have too are reported with those.
      if (RESERVED_INGESTED_COLUMNS.has(column) && !RESERVED_COLUMNS.has(column)) {
        problems.push(
          unexpected(`unitIds.${unitId}`, column, "a column that ingested events don't have already"),
        );
      }
    }
  }
  return problems;
}

/** Declared columns cannot have the names of those that every row has. */
function declaredColumnProblems(dataset: Dataset, field: string): string[] {
  if (dataset.kind !== 'table') return [];
  return Object.keys(dataset.mapping.columns)
    .filter((name) => TAKEN_COLUMNS.has(name))
    .map((name) => `${field}.columns.${name}: expected another name: every row has a column of this one.`);
}

/** Folders of all datasets, each with the slash at its end and the field that names it. */
function datasetFolders(sources: Config['sources']) {
  return sources.flatMap(({ name, bucket, datasets }, i) =>
    datasets.map(({ folder }, j) => ({
      source: name,
      bucket,
      folder: `${folder}/`,
      field: `sources.${i}.datasets.${j}`,
    })),
  );
}

/** Two sources are two customers: what one drops may never be loaded as the other's. */
function sharedFolders(sources: Config['sources']): string[] {
  const folders = datasetFolders(sources);
  return folders.flatMap((datasetFolder, i) => {
    const other = folders
      .slice(0, i)
      .find((earlier) => earlier.source !== datasetFolder.source && overlap(earlier, datasetFolder));
    return other === undefined
      ? []
      : [
          unexpected(
            `${datasetFolder.field}.folder`,
            datasetFolder.folder.slice(0, -1),
            `a folder apart from ${other.field}'s, which is another source's in the same bucket`,
          ),
        ];
  });
}

/**
 * A receipt in a dataset's folder could be taken for a drop, and one in another source's folder would reveal data about
 * another customer.
 */
function sharedReceipts(sources: Config['sources']): string[] {
  const receipts = receiptFolders(sources);
  return receipts.flatMap((receipt, i) => {
    const other = [...datasetFolders(sources), ...receipts.slice(0, i)].find((written) =>
      overlap(written, receipt),
    );
    return other === undefined
      ? []
      : [
          unexpected(
            receipt.field,
            receipt.folder.slice(0, -1),
            `a folder apart from ${other.field}'s in the same bucket`,
          ),
        ];
  });
}

/** A folder that receipts are written to. */
export interface ReceiptFolder {
  readonly bucket: string;
  /** With the slash at its end. */
  readonly folder: string;
  /** The field that names it: `sources.0.receipt`. */
  readonly field: string;
}

/** The folders that receipts are written to. */
export function receiptFolders(sources: Config['sources']): readonly ReceiptFolder[] {
  return sources.flatMap((source, i) => {
    const folder = receiptFolder(source);
    return folder === null ? [] : [{ bucket: source.bucket, folder, field: `sources.${i}.receipt` }];
  });
}

/** Problems of `exports` that no field shows alone; one sentence each, with the field's name in front. */
export function exportProblems(
  config: Pick<Config, 'exports' | 'bucket' | 'tables' | 'curate' | 'curatedTables' | 'sources'>,
): string[] {
  const { exports, bucket, tables, curate, curatedTables, sources } = config;
  const problems: string[] = [];
  const ownerOf = new Map(
    sources.flatMap(({ owner, datasets }) => datasets.map(({ table }) => [table, owner] as const)),
  );
  const curated = curate ? [curatedTables.exposures, curatedTables.events] : [];
  const known = [tables.exposures, tables.events, ...curated, ...ownerOf.keys()];
  const names = new Set<string>();
  // The folders that an export must not share. A source would load an export into its folder as its own drops, and an
  // export deletes old files in its folder.
  const folders: { bucket: string; folder: string; field: string }[] = [
    ...datasetFolders(sources),
    ...receiptFolders(sources),
  ];
  for (const [i, { name, table, target }] of exports.entries()) {
    const field = `exports.${i}`;
    if (table === tables.quarantine)
      problems.push(
        unexpected(
          `${field}.table`,
          table,
          'another table: rows of every customer are refused into that one',
        ),
      );
    else if (!known.includes(table))
      problems.push(unexpected(`${field}.table`, table, `one of ${known.join(', ')}`));
    const owner = ownerOf.get(table) ?? target.owner;
    // A target without an owner is the deployment's own bucket for Statsig.
    if (target.owner !== undefined && owner !== target.owner)
      problems.push(
        `${field}.table: got ${JSON.stringify(table)}, which a source of ${owner} fills, expected a table of ${target.owner}'s, the account that owns the bucket.`,
      );
    if (names.has(name)) problems.push(`${field}.name: got ${JSON.stringify(name)}, which another has.`);
    names.add(name);
    if (target.bucket === bucket)
      problems.push(`${field}.target.bucket: got our own bucket, expected a customer's.`);
    const folder = exportFolder({ name, target });
    // Of two exports into one folder, each would delete the new files of the other as old ones.
    const other = folders.find((taken) => overlap(taken, { bucket: target.bucket, folder }));
    if (other !== undefined)
      problems.push(`${field}.target.folder: got ${folder}, expected a folder apart from ${other.field}'s.`);
    folders.push({ bucket: target.bucket, folder, field });
  }
  return problems;
}

/** One place of the configuration that names a customer's bucket. */
interface NamedBucket {
  readonly field: string;
  readonly bucket: string;
  readonly owner?: string | undefined;
  readonly region?: string | undefined;
  readonly kmsKeyArn?: string | undefined;
  readonly encryption?: Source['encryption'];
  readonly role?: Source['role'];
}

/**
 * Finds contradictions between the places that name a customer's bucket: a bucket has one owner and one region,
 * S3 encrypts it with a key of that region only, which its owner can use, and the role that leads to it is its owner's.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
 */
export function customerBucketProblems(
  config: Pick<Config, 'account' | 'sources' | 'exports' | 'region'>,
): string[] {
  const named: readonly NamedBucket[] = [
    ...config.sources.map((source, i) => ({ ...source, field: `sources.${i}` })),
    ...config.exports.map(({ target }, i) => ({ ...target, field: `exports.${i}.target` })),
  ];
  const problems: string[] = [];
  for (const [i, place] of named.entries()) {
    const before = named.slice(0, i).filter(({ bucket }) => bucket === place.bucket);
    for (const member of ['owner', 'region'] as const) {
      // A place without a region has the deployment's, which `--region` may name.
      const other = before.find(
        (earlier) => earlier[member] !== undefined && earlier[member] !== place[member],
      );
      if (place[member] !== undefined && other !== undefined)
        problems.push(
          unexpected(
            `${place.field}.${member}`,
            place[member],
            `"${other[member]}", as ${other.field} has it of the same bucket`,
          ),
        );
    }
    problems.push(...roleProblems(place));
    if (place.encryption === 'AES256' && place.kmsKeyArn !== undefined)
      problems.push(unexpected(`${place.field}.encryption`, 'AES256', '"aws:kms" beside kmsKeyArn'));
    const { owner, role, kmsKeyArn, encryption } = place;
    const isOurKey = role === undefined && kmsKeyArn === undefined && owner !== config.account;
    if (encryption === 'aws:kms' && isOurKey && owner !== undefined)
      problems.push(
        `${place.field}.encryption: got "aws:kms" alone, expected kmsKeyArn or role beside it: objects would be encrypted with the key aws/s3 of the account that writes, which ${owner} cannot use. If ${owner} is the account of the deployment, set \`account\` to it.`,
      );
    const [, , , keyRegion] = place.kmsKeyArn?.split(':') ?? [];
    const region = place.region ?? config.region;
    if (keyRegion !== undefined && keyRegion !== region)
      problems.push(
        `${place.field}.kmsKeyArn: got a key of ${keyRegion}, expected one of ${region}, the bucket's region${place.region === undefined ? ' unless `region` beside it says another' : ''}.`,
      );
  }
  return problems;
}

/**
 * Problems of roles without an external ID. Without one, another customer could name the role as theirs, and have us
 * read the bucket for them.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
 */
function roleProblems({ field, owner, role }: NamedBucket): string[] {
  if (role === undefined || owner === undefined) return [];
  const problems: string[] = [];
  const [, , , , account] = role.arn.split(':');
  if (account !== owner)
    problems.push(
      `${field}.role.arn: got a role of ${account}, expected one of ${owner}, the account that owns the bucket.`,
    );
  if (role.externalId === undefined && role.allowNoExternalId !== true)
    problems.push(
      unexpected(
        `${field}.role.externalId`,
        undefined,
        "the external ID that the role's trust policy asks for, or allowNoExternalId: true",
      ),
    );
  if (role.externalId !== undefined && role.allowNoExternalId === true)
    problems.push(`${field}.role.allowNoExternalId: expected none beside an external ID.`);
  return problems;
}
