import { describe, expect, it } from '@jest/globals';
import { checks, checksBeforeDeploy } from '../../../observe/doctor/checks.ts';
import { findingCatalogue } from '../../../observe/findings/catalogue.ts';

describe('the table of checks', () => {
  it('has every finding, those that any check can have apart', () => {
    const anywhere = ['DOCTOR_UNCHECKED', 'DOCTOR_SKIPPED', 'STATUS_UNREADABLE'].map(
      (name) => `SLUICE_${name}`,
    );
    const each = [...checks, ...checksBeforeDeploy].flatMap(({ codes }) => codes);
    const found = new Set<string>([...each, ...anywhere]);
    expect([...found].sort()).toEqual(Object.keys(findingCatalogue).sort());
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
