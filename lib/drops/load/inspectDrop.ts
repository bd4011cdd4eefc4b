import type { Drop } from '../Drop.ts';
import { inspectObjects } from '../inspectObjects.ts';
import { judgeByLogs } from '../judgeByLogs.ts';
import { requirePlainFiles } from '../tableFormats.ts';
import type { Failure } from './LoadError.ts';
import type { Loader } from './Loader.ts';
import type { Progress } from './Progress.ts';
import type { DropDay } from './publishVersion.ts';

/** Reads the folder's own logs, and the bytes of objects whose names do not decide; null if one of them has changed. */
export async function inspectDrop(
  loader: Pick<Loader, 'customerBucket'>,
  { source, dataset, day }: DropDay,
  { problems }: Progress,
  listed: Drop,
  signal: AbortSignal,
): Promise<Drop | null> {
  const bucket = loader.customerBucket(source, dataset);
  await requirePlainFiles(bucket, dataset, day, listed);
  const options = { signal, failed: (key: string, error: Failure) => problems.set(key, error) };
  const counting = await judgeByLogs(bucket, listed, options);
  return counting === null ? null : inspectObjects(bucket, counting, options);
}

/** When the last of the day's files was written. It is the `received_at` of refused rows, the same for every load. */
export function receivedAt(drop: Pick<Drop, 'files'> | undefined): number {
  return (drop?.files ?? []).reduce((last, { lastModified }) => Math.max(last, lastModified.getTime()), 0);
}
