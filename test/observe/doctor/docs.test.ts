import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../../local/dataDirectory.ts';
import { checks, checksBeforeDeploy } from '../../../observe/doctor/checks.ts';
import { findingCatalogue } from '../../../observe/findings.ts';

const page = readFileSync(join(repositoryRoot, 'docs', 'doctor.md'), 'utf8');

/** Rows of the table whose first heading this is, cells as they are. */
function rowsOf(heading: string): string[][] {
  const [, table = ''] = page.split(`\n| ${heading} |`);
  const lines = table.split('\n').slice(2);
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(0, end).map((line) => line.slice(2, -2).split(' | '));
}

/** Monitors find theirs by a schedule: docs/monitors.md. */
const isOfCheck = (code: string) => !code.startsWith('SLUICE_MONITOR_');

describe('docs/doctor.md', () => {
  it('lists every check with its expectation and permissions', () => {
    const rows = (all: typeof checks) =>
      all.map(({ name, expects, permissions }) => [
        `\`${name}\``,
        expects,
        permissions.map((permission) => `\`${permission}\``).join(', ') || 'nothing',
      ]);
    expect(rowsOf('check')).toEqual(rows(checks));
    expect(rowsOf('check before the deployment')).toEqual(
      rows(checksBeforeDeploy.filter((check) => !checks.includes(check))),
    );
  });

  it('lists every finding with its cause and cure', () => {
    expect(rowsOf('code')).toEqual(
      Object.entries(findingCatalogue)
        .filter(([code]) => isOfCheck(code))
        .map(([code, { severity, cause, cure }]) => [`\`${code}\``, severity, cause, cure]),
    );
  });
});

describe('the table of checks', () => {
  it('has every finding in one check, except those that any check can have', () => {
    const anywhere = [
      'DOCTOR_NOT_ALLOWED',
      'DOCTOR_FAILED',
      'DOCTOR_NOT_EMULATED',
      'DOCTOR_SKIPPED',
      'STATUS_UNREADABLE',
    ].map((name) => `SLUICE_${name}`);
    const each = checks.flatMap(({ codes }) => codes);
    expect(new Set(each).size).toBe(each.length);
    const found = new Set([...each, ...checksBeforeDeploy.flatMap(({ codes }) => codes), ...anywhere]);
    expect([...found].sort()).toEqual(Object.keys(findingCatalogue).filter(isOfCheck).sort());
  });

  it('has each check after those that it needs, and blocks only with codes that it can find', () => {
    const named = new Set(checksBeforeDeploy.map(({ name }) => name));
    const without = checksBeforeDeploy.map((check) => ({
      ...check,
      needs: check.needs.filter((name) => named.has(name)),
    }));
    for (const list of [checks, without])
      for (const [i, { needs, blocks, codes }] of list.entries()) {
        const before = list.slice(0, i).map(({ name }) => name);
        expect(before).toEqual(expect.arrayContaining([...needs]));
        expect(codes).toEqual(expect.arrayContaining([...blocks]));
      }
  });
});
