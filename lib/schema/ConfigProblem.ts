import { displayValue } from '../base/text.ts';

/** Why a field of the configuration is refused. */
export interface ConfigProblem {
  /** Path of the field, `sources.0.name`; empty for the configuration itself. */
  readonly field: string;
  /** What the field has and what was expected: `got 7, expected a bucket name.` */
  readonly text: string;
}

/** The problem of a field that has another value than was expected. @param expected Words without a stop. */
export function unexpected(field: string, value: unknown, expected: string): ConfigProblem {
  return { field, text: `got ${displayValue(value)}, expected ${expected}.` };
}

/** A problem in one line: `bucket: got 7, expected a bucket name.` */
export function problemLine({ field, text }: ConfigProblem): string {
  return `${field === '' ? 'the configuration' : field}: ${text}`;
}
