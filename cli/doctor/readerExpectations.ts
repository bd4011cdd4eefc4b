import { ownResults } from '../../lib/access/ownResults.ts';
import type { Place } from '../../lib/access/Place.ts';
import { arnIn, bucketArn, catalogArns, workgroupArn } from '../../lib/access/placeArns.ts';
import { viaS3 } from '../../lib/access/viaS3.ts';
import type { Config } from '../../lib/config/configSchema.ts';
import { PRIMARY_WORKGROUP } from '../../lib/config/primaryWorkgroup.ts';
import type { Reader } from '../../lib/config/readersSchema.ts';
import { dayFolder } from '../../lib/layout/tableFolders.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import type { UtcDay } from '../../lib/time/utcDay.ts';

/** One action that a reader must be able to do, or must not. */
export interface ReaderExpectation {
  readonly action: string;
  readonly resources: readonly string[];
  readonly allowed: boolean;
  /** Condition keys of the request. */
  readonly context?: Readonly<Record<string, string>>;
}

/** Any day: policies know folders, not days. */
const DAY: UtcDay = '2026-01-01';

/** What each reader must reach, and a sample of what none must: the whole of it is proved by the tests of lib/access. */
export function readerExpectations(
  place: Place,
  config: Pick<Config, 'bucket' | 'statsigFolder' | 'tables'>,
  reader: Reader,
): readonly ReaderExpectation[] {
  const object = (key: string) => `${bucketArn(place, config.bucket)}/${key}`;
  const rows = forwardedKinds.map((kind) => object(`${dayFolder(config, kind, DAY)}part.parquet`));
  const tables = forwardedKinds.map((kind) => config.tables[kind]);
  const yes = (action: string, resources: readonly string[], context?: ReaderExpectation['context']) => ({
    action,
    resources,
    allowed: true,
    ...(context === undefined ? {} : { context }),
  });
  const no = (action: string, resources: readonly string[]) => ({ action, resources, allowed: false });
  const workgroup = reader.kind === 'owox' ? PRIMARY_WORKGROUP : ownResults(place, reader).workgroup;
  const writesLikeUs = reader.kind === 'statsig' && reader.statsigForwardsHere;
  return [
    yes('s3:GetObject', rows),
    yes('kms:Decrypt', [place.keyArn], { 'kms:ViaService': viaS3(place) }),
    yes('glue:GetTable', [...new Set(tables.flatMap((table) => catalogArns(place, place.database, table)))]),
    yes('athena:StartQueryExecution', [workgroupArn(place, workgroup)]),
    no('s3:GetObject', ['overflow/x', 'ledger/x', 'quarantine/x', 'parked/x'].map(object)),
    no(
      'glue:DeleteTable',
      tables.map((table) => arnIn(place, 'glue', `table/${place.database}/${table}`)),
    ),
    ...(writesLikeUs ? [] : [no('s3:PutObject', rows), no('s3:DeleteObject', rows)]),
  ];
}
