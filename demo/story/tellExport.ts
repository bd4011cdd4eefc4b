import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { textTable } from '../../cli/terminal/output.ts';
import { quoteText } from '../../lib/base/sql.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import { manifestSchema } from '../../lib/export/exportDay.ts';
import { exportFolder } from '../../lib/tables/exportKeys.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';
import type { Customer, Fetched } from './Customer.ts';
import type { RowsByDay } from './runDriver.ts';
import { heading, type Story, say } from './Story.ts';

/**
 * The export of the first night, as the customer reads it in their bucket, compared row by row with the table and with what
 * the SDKs sent.
 *
 * @param sent Rows of exposures by day.
 */
export async function tellExport(
  { cloud, config, checks, today }: Story,
  customer: Customer,
  sent: RowsByDay['exposures'],
): Promise<void> {
  heading("9. Exposures in the customer's bucket");
  for (const { name, table, target, lookbackDays } of config.exports) {
    const prefix = exportFolder({ name, target });
    const byDay = Map.groupBy(
      await customer.fetchAll(target.bucket, prefix),
      ({ key }) => key.slice(prefix.length).split('/')[0] ?? '',
    );
    const filesByDay = new Map(
      [...byDay]
        .map(([day, objects]) => [day, objects.filter(isFile)] as const)
        .filter(([, { length }]) => length > 0),
    );
    for (const [day, objects] of byDay) {
      const named = objects.filter((one) => !isFile(one)).flatMap(namedFiles);
      checks.equal(`files of ${prefix}${day}/`, namesOf(filesByDay.get(day) ?? []), named.sort());
    }
    const rows = filesByDay.size === 0 ? [] : await runQuery(cloud.data, comparison(table, filesByDay));
    say(
      `With lookbackDays: ${lookbackDays}, each night exports the previous day. The first night exported ${today}, the second had no changes.`,
    );
    say(
      textTable(
        rows.map(({ day, ...counted }) => {
          const files = filesByDay.get(String(day))?.length ?? 0;
          return { bucket: target.bucket, day, files, ...counted };
        }),
      ),
    );
    checks.equal(`rows of ${prefix}`, rows, [
      { day: today, rows: sent[today], missing_of_ours: 0, not_ours: 0 },
    ]);
  }
}

/** Counts a day's exported rows, and those that only one side has. The day is the name of the folder, not in the files. */
function comparison(table: string, filesByDay: ReadonlyMap<UtcDay, readonly Fetched[]>): string {
  const days = [...filesByDay].map(([day, files]) => {
    const list = files.map(({ path }) => quoteText(path)).join(', ');
    return `SELECT *, DATE ${quoteText(day)} AS ds FROM read_parquet([${list}], union_by_name = true)`;
  });
  const exported = [...filesByDay.keys()].map((day) => `DATE ${quoteText(day)}`).join(', ');
  return `WITH theirs AS (${days.join(' UNION ALL BY NAME ')}), ours AS (FROM ${table} WHERE ds IN (${exported}))
    SELECT CAST(ds AS VARCHAR) AS day, CAST(sum(a) AS INT) AS rows, CAST(sum(b) AS INT) AS missing_of_ours, CAST(sum(c) AS INT) AS not_ours
    FROM (SELECT ds, 1 AS a, 0 AS b, 0 AS c FROM theirs
      UNION ALL SELECT ds, 0, 1, 0 FROM (FROM ours EXCEPT ALL FROM theirs)
      UNION ALL SELECT ds, 0, 0, 1 FROM (FROM theirs EXCEPT ALL FROM ours))
    GROUP BY 1 ORDER BY 1`;
}

function isFile({ key }: Fetched): boolean {
  return !basename(key).startsWith('_');
}

function namesOf(files: readonly Fetched[]): string[] {
  return files.map(({ key }) => basename(key)).sort();
}

function namedFiles({ path }: Fetched): string[] {
  return manifestSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).files.map(({ name }) => name);
}
