import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import { assumedRoleCredentials } from '../../lib/aws/assumedRole.ts';
import { customerBucketFrom, SOURCE_TIMEOUT_MS } from '../../lib/aws/customerBucket.ts';
import { customerClientOptions } from '../../lib/aws/customerClient.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import type { CustomerBucket, DropObject } from '../../lib/drops/CustomerBucket.ts';
import { isMarker } from '../../lib/drops/Drop.ts';
import { inspectObjects } from '../../lib/drops/inspectObjects.ts';
import { listDrops } from '../../lib/drops/listDrops.ts';
import { PreviewError } from '../../lib/drops/PartialFile.ts';
import { lookbackDays } from '../../lib/drops/plan/decideDay.ts';
import { type Preview, previewFile } from '../../lib/drops/preview/previewFile.ts';
import { requirePlainFiles } from '../../lib/drops/tableFormats.ts';
import type { Dataset, Source } from '../../lib/schema/sources.ts';
import type { Deployment } from '../deployment.ts';
import type { ConfiguredDataset } from '../facts/days/ledgerDays.ts';

/** MiB of memory that DuckDB may use on the user's machine. */
const MEMORY_MEGABYTES = 1_024;

/** Which file: by its key, or the first of a day; without both, the first of the latest day of the lookback that has files. */
export interface PreviewTarget {
  readonly key: string | undefined;
  readonly day: UtcDay | undefined;
  /** Maximum rows of each kind. */
  readonly shown: number;
}

/** Maps the beginning of a real file of a dataset. It is read with the user's own rights. @throws as {@link previewFile}. */
export async function previewDrop(
  { config, aws, now }: Pick<Deployment, 'config' | 'aws' | 'now'>,
  { source, dataset }: ConfiguredDataset,
  target: PreviewTarget,
): Promise<Preview> {
  const region = { ...aws, ...(source.region === undefined ? {} : { region: source.region }) };
  const sts = new STSClient(aws);
  const s3 = new S3Client({
    ...region,
    ...(source.role === undefined
      ? {}
      : { credentials: assumedRoleCredentials(sts, source.role, 'sluice-preview') }),
    ...customerClientOptions(SOURCE_TIMEOUT_MS),
  });
  const directory = await mkdtemp(join(tmpdir(), 'sluice-preview-'));
  try {
    const bucket = customerBucketFrom(s3, source);
    return await previewFile({
      bucket,
      object: await findObject(bucket, source, dataset, target, now),
      subject: { source, dataset, unitIds: config.unitIds },
      shown: target.shown,
      path: join(directory, 'file.parquet'),
      loadedAt: now,
      limits: { memoryMegabytes: MEMORY_MEGABYTES, threads: 1, temporaryDirectory: directory },
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
    s3.destroy();
    sts.destroy();
  }
}

async function findObject(
  bucket: CustomerBucket,
  source: Pick<Source, 'bucket'>,
  dataset: Dataset,
  { key, day }: PreviewTarget,
  now: number,
): Promise<DropObject> {
  if (key !== undefined) {
    const { objects } = await bucket.list({ prefix: key });
    const object = objects.find((one) => one.key === key);
    if (object !== undefined) return object;
    throw new PreviewError('SLUICE_PREVIEW_NO_FILE', `s3://${source.bucket}/${key}.`);
  }
  // The latest first, with the same days as the plan function.
  const days =
    day === undefined ? lookbackDays(now, dataset.timezone, dataset.lookbackDays).toReversed() : [day];
  const { drops } = await listDrops(bucket, dataset, days);
  let others = 0;
  for (const one of days) {
    const drop = drops.get(one);
    if (drop === undefined || drop.files.length + drop.leftOut.length === 0) continue;
    await requirePlainFiles(bucket, dataset, one, drop);
    const looked = await inspectObjects(bucket, drop);
    if (looked === null) throw new PreviewError('SLUICE_PREVIEW_FILE_CHANGED', `${one}.`);
    const [file] = looked.files;
    if (file !== undefined) return file;
    others += looked.leftOut.filter(({ reason }) => !isMarker(reason)).length;
  }
  const left =
    others === 0 ? '' : `, but ${others} ${others === 1 ? 'object' : 'objects'} that cannot be loaded`;
  throw new PreviewError(
    'SLUICE_PREVIEW_NO_FILE',
    `s3://${source.bucket}/${dataset.folder}/ has no files for ${days.join(', ')}${left}.`,
  );
}
