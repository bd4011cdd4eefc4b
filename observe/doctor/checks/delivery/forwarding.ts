import { GetTablesCommand } from '@aws-sdk/client-glue';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { addDays, DAY_MS, utcDay } from '../../../../lib/base/time.ts';
import type { Config } from '../../../../lib/schema/config.ts';
import { forwardedKinds } from '../../../../lib/schema/kinds.ts';
import { isDeliveredFile, tableFolders } from '../../../../lib/tables/tableFolders.ts';
import { type Finding, finding } from '../../../findings/catalogue.ts';
import { checkEach, isAwsError } from '../../askAws.ts';
import type { DoctorContext } from '../../DoctorContext.ts';
import type { Check } from '../../runChecks.ts';

const CODE = 'SLUICE_DOCTOR_FORWARDED';
/** Days for which files are looked at. Statsig forwards exposures daily. */
const DAYS = 7;
/** Pages of 1,000 objects of one folder, and of 100 tables, that are read. */
const MOST_PAGES = 5;

/** Whether somebody else, most likely Statsig's own forwarding, writes into the folders of the forwarded tables. */
export const forwarding: Check = {
  name: 'forwarding',
  expects:
    'nobody else writes into the folders of the forwarded tables: in the last seven days only Sluice did, and no table of the staging database is there',
  needs: ['bucket'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_FORWARDED'],
  permissions: ['s3:ListBucket', 'glue:GetTables'],
  async run(doctor) {
    const { relay } = await doctor.config();
    const comesBack = relay !== undefined && 'statsig' in relay;
    const found = await checkEach(
      [judgeFiles, judgeStagingTables],
      (judge) => judge(doctor),
      (impossible) => impossible.finding,
    );
    // What relay delivers to Statsig is then in one table twice.
    return found.map((one) =>
      comesBack && one.code === CODE ? { ...one, severity: 'problem' as const } : one,
    );
  },
};

async function judgeFiles(doctor: DoctorContext): Promise<readonly Finding[]> {
  const [config, now] = [await doctor.config(), await doctor.now()];
  const found = await Promise.all(
    forwardedKinds
      .flatMap((kind) => tableFolders(config, kind).map((folder) => ({ kind, folder })))
      .map(async ({ kind, folder }) => {
        const since = now - DAYS * DAY_MS;
        // Events may be of tomorrow by their own clock.
        const recent = Array.from({ length: DAYS + 2 }, (_, i) => addDays(utcDay(since), i));
        // The check of partitions has listed the folders of days. Without its lists each day is looked at.
        const there = await doctor.tablePartitions(kind).catch(() => undefined);
        const days = recent.filter((day) => there === undefined || there.folders.includes(day));
        const lists = await Promise.all(
          ['', ...days.map((day) => `${day}/`)].map((day) => foreignFiles(doctor, folder, day, since)),
        );
        const files = lists.flat();
        return files.length === 0
          ? []
          : [
              finding(
                CODE,
                `s3://${config.bucket}/${folder}: ${files.length} ${files.length === 1 ? 'file' : 'files'} since ${utcDay(since)}, such as ${files[0]}.`,
              ),
            ];
      }),
  );
  return found.flat();
}

/** Files below a folder that Firehose did not write, by their keys below the table's. Without a day: beside the days. */
async function foreignFiles(
  doctor: DoctorContext,
  folder: string,
  day: string,
  since: number,
): Promise<string[]> {
  const [{ s3 }, { bucket: Bucket }] = [await doctor.clients(), await doctor.config()];
  const files: string[] = [];
  let ContinuationToken: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const input = { Bucket, Prefix: `${folder}${day}`, ContinuationToken };
    const answer = await doctor.ask('s3:ListBucket', () =>
      s3.send(new ListObjectsV2Command({ ...input, ...(day === '' ? { Delimiter: '/' } : null) })),
    );
    for (const { Key = '', LastModified } of answer.Contents ?? [])
      if (!Key.endsWith('/') && !isDeliveredFile(Key) && (LastModified?.getTime() ?? 0) >= since)
        files.push(Key.slice(folder.length));
    ContinuationToken = answer.NextContinuationToken;
    if (ContinuationToken === undefined) break;
  }
  return files;
}

/** Statsig registers the tables that it forwards in the staging database. */
async function judgeStagingTables(doctor: DoctorContext): Promise<readonly Finding[]> {
  const [{ glue }, config] = [await doctor.clients(), await doctor.config()];
  const DatabaseName = config.athena.stagingDatabase;
  const found: Finding[] = [];
  let NextToken: string | undefined;
  try {
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const token = NextToken;
      const answer = await doctor.ask('glue:GetTables', () =>
        glue.send(new GetTablesCommand({ DatabaseName, NextToken: token })),
      );
      for (const { Name = '', StorageDescriptor } of answer.TableList ?? []) {
        const location = StorageDescriptor?.Location ?? '';
        if (isOurs(config, location)) found.push(finding(CODE, `${DatabaseName}.${Name}: ${location}.`));
      }
      NextToken = answer.NextToken;
      if (NextToken === undefined) break;
    }
  } catch (error) {
    // Another check reports it.
    if (!isAwsError(error, 'EntityNotFoundException')) throw error;
  }
  return found;
}

/** Whether a table's location is the folder of a forwarded table, or within it. */
function isOurs(config: Pick<Config, 'bucket' | 'statsigFolder' | 'tables'>, location: string): boolean {
  const folder = `${location.replace(/\/+$/, '')}/`;
  return forwardedKinds
    .flatMap((kind) => tableFolders(config, kind))
    .some((own) => folder.startsWith(`s3://${config.bucket}/${own}`));
}
