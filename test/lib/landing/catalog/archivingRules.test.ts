import { describe, expect, it } from '@jest/globals';
import { noteArchivingRules, parseArchivingRules } from '../../../../lib/landing/catalog/archivingRules.ts';
import { ARCHIVING_RULES_KEY } from '../../../../lib/tables/ledgerKeys.ts';
import { MemoryObjects } from '../../../harness/MemoryObjects.ts';

const rule = { id: 'save', prefix: 'statsig/', storageClass: 'DEEP_ARCHIVE', days: 30, isOfVersions: false };
const FIRST_LOOK = Date.UTC(2026, 10, 20);
const SECOND_LOOK = Date.UTC(2026, 10, 21);

function start() {
  const store = new MemoryObjects();
  const lines: object[] = [];
  return {
    store,
    lines,
    look: (rules: readonly (typeof rule)[], now: number) =>
      noteArchivingRules(store, rules, now, (line) => lines.push(line)),
    noted: async () => parseArchivingRules((await store.read(ARCHIVING_RULES_KEY))?.text),
  };
}

describe('the note of rules that archive objects', () => {
  it('keeps since when a rule has been seen, also if its members come in another order', async () => {
    const { look, noted, lines } = start();
    await look([rule], FIRST_LOOK);
    const { id, ...members } = rule;
    await look([{ ...members, id }], SECOND_LOOK);
    expect(await noted()).toEqual([{ ...rule, since: FIRST_LOOK }]);
    expect(lines).toEqual([]);
  });

  it('begins for a rule that somebody changes, and for no other', async () => {
    const { look, noted } = start();
    const other = { ...rule, id: 'other' };
    await look([rule, other], FIRST_LOOK);
    const sooner = { ...rule, days: 1 };
    await look([sooner, other], SECOND_LOOK);
    expect(await noted()).toEqual([
      { ...sooner, since: SECOND_LOOK },
      { ...other, since: FIRST_LOOK },
    ]);
  });

  it('begins again, and says so in the log, if it cannot be read', async () => {
    const { store, look, noted, lines } = start();
    await look([rule], FIRST_LOOK);
    await store.write(ARCHIVING_RULES_KEY, '{');
    await look([rule], SECOND_LOOK);
    expect(await noted()).toEqual([{ ...rule, since: SECOND_LOOK }]);
    expect(lines).toEqual([
      { level: 'warn', event: 'archiving_rules', problem: 'note_unreadable', key: ARCHIVING_RULES_KEY },
    ]);
  });
});
