import { describe, expect, it } from '@jest/globals';
import { findingLines, lookText, summaryText } from '../../../cli/observe/doctorText.ts';
import type { Finding } from '../../../observe/findings/catalogue.ts';

const finding: Finding = {
  code: 'SLUICE_FINDING_QUOTA',
  case: null,
  severity: 'problem',
  part: null,
  title: 'A title',
  statement: 'A title',
  since: null,
  detail: 'A title',
  cause: 'A cause.',
  cure: 'A cure.',
  commands: ['aws one'],
  section: 'A section',
};
const look = (verdict: 'fine' | 'problem' | 'warning' | 'unchecked') => ({
  check: 'bucket',
  expects: 'it exists',
  verdict,
  findings: [],
});

describe('the text of a finding', () => {
  it('is its code and title, and below them cause, cure, commands and section', () => {
    expect(findingLines(finding, 2)).toEqual([
      'SLUICE_FINDING_QUOTA: A title',
      '  A cause.',
      '  A cure.',
      '  $ aws one',
      '  See docs/operate.md, "A section".',
    ]);
    expect(findingLines({ ...finding, section: null }, 0).at(-1)).toBe('$ aws one');
  });

  it('has the figures that its title leaves out', () => {
    const [, detail, cause] = findingLines({ ...finding, detail: '7 of 9 records.' }, 2);
    expect([detail, cause]).toEqual(['  7 of 9 records.', '  A cause.']);
  });

  it.each([
    { what: 'without a command', commands: [], lines: 1 },
    { what: 'with one', commands: ['aws one'], lines: 5 },
  ])('of what was not checked, $what, has $lines lines', ({ commands, lines }) => {
    expect(findingLines({ ...finding, severity: 'unchecked', commands }, 0)).toHaveLength(lines);
  });
});

describe('the text of the doctor', () => {
  it.each([
    { verdict: 'fine', mark: 'ok' },
    { verdict: 'problem', mark: 'PROBLEM' },
    { verdict: 'warning', mark: 'warning' },
    { verdict: 'unchecked', mark: 'not checked' },
  ] as const)('marks a check that is $verdict', ({ verdict, mark }) => {
    expect(lookText(look(verdict))).toBe(`${mark.padEnd(12)} bucket           it exists\n`);
  });

  it('has findings below their check', () => {
    const [, first, second] = lookText({ ...look('problem'), findings: [finding] }).split('\n');
    expect([first, second]).toEqual(['    SLUICE_FINDING_QUOTA: A title', '      A cause.']);
  });

  it('counts checks by verdict, and those that were skipped', () => {
    const checks = (['fine', 'fine', 'fine', 'problem', 'warning', 'warning', 'unchecked'] as const).map(
      look,
    );
    const text = summaryText({ identity: undefined, checks, skipped: ['key', 'views'] }, 'sluice-prod');
    expect(text).toMatch(/^not checked +key, views\n/);
    expect(text).toMatch(
      /\n9 checks of sluice-prod: 3 ok, 1 with problems, 2 with warnings, 3 not made\.\n$/,
    );
    expect(summaryText({ identity: undefined, checks, skipped: [] }, 'x')).toMatch(/^\n7 checks/);
  });
});
