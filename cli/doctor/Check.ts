import type { FindingCode } from './doctorFindings.ts';
import type { Finding } from './Finding.ts';
import type { Visit } from './Visit.ts';

/** One thing that `sluice doctor` looks at. */
export interface Check {
  /** e.g. `bucket-settings`. */
  readonly name: string;
  /** What is fine when it finds nothing: one line for the list and for docs/doctor.md. */
  readonly expects: string;
  /** Names of checks without which this one makes no sense: it is skipped when one of them found what `blocks`. */
  readonly needs: readonly string[];
  /** What keeps checks that need this one from making sense. */
  readonly blocks: readonly FindingCode[];
  /** What it may find, besides that it could not look. */
  readonly codes: readonly FindingCode[];
  /** IAM actions that looking takes. */
  readonly permissions: readonly string[];
  /** Finds nothing when all is well. */
  run(visit: Visit): Promise<readonly Finding[]>;
}
