import { readerResultsFolder } from '../tables/objectKeys.ts';
import type { Place } from './Place.ts';

/** Where a reader queries, and where its results lie: nobody else's do. */
export interface OwnResults {
  /** Athena workgroup, which the stack makes even where that of people is brought. */
  readonly workgroup: string;
  /** Folder in our bucket that the workgroup puts results in, with the slash at its end. */
  readonly resultsFolder: string;
}

/**
 * The workgroup of a reader, `<that of people>_<reader>`, and its folder. In a workgroup of several readers each could
 * read, replace and delete what the others were answered: Athena does all of it with its caller's permissions on the
 * one location that the workgroup has.
 * https://docs.aws.amazon.com/athena/latest/ug/workgroups-setting-control-limits-cloudwatch.html
 */
export function ownResults(
  { workgroup }: Pick<Place, 'workgroup'>,
  reader: Parameters<typeof readerResultsFolder>[0],
): OwnResults {
  return {
    workgroup: `${workgroup}_${reader.name}`,
    resultsFolder: readerResultsFolder(reader),
  };
}
