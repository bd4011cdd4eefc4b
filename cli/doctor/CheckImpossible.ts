import type { Finding } from './Finding.ts';

/** What keeps a check, or a part of one, from looking. It is a finding of its own. */
export class CheckImpossible extends Error {
  readonly finding: Finding;

  constructor(finding: Finding) {
    super(`${finding.code}: ${finding.detail}`);
    this.name = 'CheckImpossible';
    this.finding = finding;
  }
}
