import { HeadObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import { counted, listed } from '../../../lib/base/text.ts';
import { addDays, DAY_MS, isoTimestamp, utcDay } from '../../../lib/base/time.ts';
import { type ForwardedKind, forwardedKinds } from '../../../lib/schema/kinds.ts';
import { deliveredTime, tableFolders } from '../../../lib/tables/tableFolders.ts';
import { MOST_COMMANDS } from '../../deploymentCommands.ts';
import { endsAsParquet } from '../../facts/days/files/fileVersions.ts';
import { dayFolders } from '../../facts/tables/partitionGaps.ts';
import { type Finding, finding, seenNow } from '../../findings/catalogue.ts';
import { ifThere } from '../../ifThere.ts';
import { type Look, type Question, settled } from '../Look.ts';
import type { Setup } from '../Setup.ts';

/** Days for which files are looked at. Statsig forwards exposures daily. */
const FORWARDED_DAYS = 7;
/** Pages of a thousand keys that are read of a folder: a day of Sluice's own files has fewer. */
const MOST_PAGES = 20;
/** Files of others that are looked at, the newest: each costs a request. */
const MOST_FILES = 300;
/** Files that are looked at in parallel. */
const PARALLEL = 8;

/** Whether somebody else, most likely Statsig's own forwarding, writes into the folders of the forwarded tables. */
export const forwardingLook: Look = {
  name: 'forwarding',
  expects: 'in the last seven days, only Sluice wrote into the folders of the forwarded tables',
  find: (setup) =>
    settled(forwardedKinds.map((kind): Question => [`the folder of ${kind}`, findForeignFiles(setup, kind)])),
};

/** Looks for files of others in the folders of a table: beside its days, and in the days of a week and of tomorrow. */
async function findForeignFiles(setup: Setup, kind: ForwardedKind): Promise<readonly Finding[]> {
  const { s3, config, now } = setup;
  const since = now - FORWARDED_DAYS * DAY_MS;
  const days = await dayFolders(setup, kind, { from: utcDay(since), to: addDays(utcDay(now), 1) });
  const [folder = ''] = tableFolders(config, kind);
  const files: ForeignFile[] = [];
  let isCut = false;
  for (const day of ['', ...days.map((lookedDay) => `${lookedDay}/`)]) {
    const input = { Bucket: config.bucket, Prefix: `${folder}${day}` };
    const beside = day === '' ? { Delimiter: '/' } : {};
    let pages = 0;
    for await (const page of paginateListObjectsV2({ client: s3 }, { ...input, ...beside })) {
      const { Contents = [], IsTruncated = false } = page;
      for (const { Key: key = '', LastModified, Size: size = 0 } of Contents) {
        const at = LastModified?.getTime() ?? 0;
        if (!key.endsWith('/') && !deliveredTime(key) && at >= since) files.push({ key, size, at });
      }
      pages += 1;
      if (pages < MOST_PAGES) continue;
      isCut ||= IsTruncated;
      break;
    }
  }
  const looked = files.toSorted((first, other) => other.at - first.at).slice(0, MOST_FILES);
  const read = await mapLimit(looked, PARALLEL, async (file) => {
    const isOfDay = file.key.slice(folder.length).includes('/');
    // `status` tells what is no Parquet in the folder of a day: no query reads its rows.
    return isOfDay && !(await endsAsParquet(setup, file.key)) ? [] : [file];
  });
  const newest = read.flat();
  const named = newest.slice(0, MOST_COMMANDS).map((file) => withVersion(setup, file));
  const all = [...(await Promise.all(named)), ...newest.slice(MOST_COMMANDS)];
  return judgeForeign(setup, folder, all, !isCut && looked.length === files.length);
}

/** A file with the version of it that is read; without, if it is gone by now. */
async function withVersion({ s3, config }: Setup, file: ForeignFile): Promise<ForeignFile> {
  const found = await ifThere(s3.send(new HeadObjectCommand({ Bucket: config.bucket, Key: file.key })));
  return { ...file, version: found?.VersionId };
}

/** A file that Sluice did not write. */
export interface ForeignFile {
  /** Its key. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** When it was written, epoch milliseconds. */
  readonly at: number;
  /** Its version that queries read; absent of a bucket without versions. */
  readonly version?: string | undefined;
}

/** Judges the files of others in the folder of a table. @param isWhole Whether they are all of them. Default true. */
export function judgeForeign(
  {
    config,
    commands,
  }: Pick<Setup, 'commands'> & { readonly config: Pick<Setup['config'], 'bucket' | 'relay'> },
  folder: string,
  files: readonly ForeignFile[],
  isWhole = true,
): readonly Finding[] {
  const newest = files.toSorted((first, other) => other.at - first.at);
  const [last] = newest;
  const { bucket, relay } = config;
  const place = `s3://${bucket}/${folder}`;
  if (last === undefined) {
    if (isWhole) return [];
    const cut = seenNow(`Not all files in ${place} were looked at for files of others: it has too many`);
    return [
      finding('SLUICE_FINDING_UNCHECKED', { case: 'many', ...cut }, [
        commands.aws('s3', 'ls', place, '--recursive'),
      ]),
    ];
  }
  const texts = newest.map(
    ({ key, size, at }) => `${key}, ${counted(size, 'byte')}, written at ${isoTimestamp(at)}`,
  );
  const number = counted(files.length, 'file');
  const known = isWhole ? number : `At least ${number}`;
  const title = `${known} of others came into ${place} in the last ${FORWARDED_DAYS} days, the newest ${last.key}`;
  const told = {
    title,
    since: isoTimestamp(newest.at(-1)?.at ?? last.at),
    detail: `${listed(texts, '; ')}.`,
  };
  // Files of several days can have one name, so each copy is named by its whole key.
  const copies = newest.slice(0, MOST_COMMANDS).flatMap(({ key, version }) => {
    const object = ['--bucket', bucket, '--key', key];
    const ofVersion = version === undefined ? [] : ['--version-id', version];
    return [
      commands.aws('s3api', 'get-object', ...object, key.replaceAll('/', '_')),
      commands.aws('s3api', 'delete-object', ...object, ...ofVersion),
    ];
  });
  // Statsig then forwards what relay delivers to it, and a table has these rows twice.
  const comesBack = relay !== undefined && 'statsig' in relay;
  return [finding('SLUICE_FINDING_FORWARDED', told, copies, comesBack ? 'problem' : 'warning')];
}
