import { doctorFindings, type FindingCode, type Severity } from './doctorFindings.ts';

/** One thing that a check found. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** The thing at hand: which bucket, table, day; what came and what was expected. */
  readonly detail: string;
  readonly cause: string;
  readonly cure: string;
  /** Commands that mend it, ready to be pasted into a shell. Often none. */
  readonly commands: readonly string[];
}

/** A finding of a code: its cause and cure, and the thing at hand. */
export function finding(code: FindingCode, detail: string, commands: readonly string[] = []): Finding {
  return { code, ...doctorFindings[code], detail, commands };
}
