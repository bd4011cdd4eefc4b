import { describe, expect, it } from '@jest/globals';
import type { DropDay } from '../../../../observe/facts/days/dropDays.ts';
import { exportNeed, isShownAlways, needOf } from '../../../../observe/facts/days/dropNeeds.ts';
import { judge } from '../../../../observe/findings/judge/judge.ts';
import { dropCases } from '../../judgeCases/drops.ts';
import { judgedDeployment, loadedDay, unusualBy, wellFacts } from '../../statusFacts.ts';

describe('the need of a dataset or an export', () => {
  it.each(dropCases)('is as severe as the worst of the findings: %s', (_what, more) => {
    const facts = { ...wellFacts, ...more };
    const needs = [...(facts.datasets ?? []).map(needOf), ...(facts.exports ?? []).map(exportNeed)];
    const found = judge(facts, judgedDeployment, 'eu-central-1');
    const worstOf = (severities: readonly (string | null)[]) =>
      ['problem', 'warning'].find((one) => severities.includes(one));
    const worst = worstOf(needs);
    expect(worst).toBeDefined();
    expect(worst).toBe(worstOf(found.map(({ severity }) => severity)));
  });
});

it.each<{ readonly what: string; readonly more: Partial<DropDay>; readonly isShown: boolean }>([
  { what: 'is well', more: {}, isShown: false },
  { what: 'is unknown to the ledger', more: { state: null }, isShown: false },
  { what: 'is queued', more: { state: 'waiting' }, isShown: true },
  { what: 'is loaded now', more: { state: 'loading' }, isShown: true },
  { what: 'waits for a marker', more: { waiting: 'has 1 file' }, isShown: true },
  { what: 'is late', more: { lateSince: 0 }, isShown: true },
  { what: 'lacks files of its version', more: { lackingSince: 0 }, isShown: true },
  { what: 'lacks its inputs', more: { missingSince: 0 }, isShown: true },
  { what: 'is unusual', more: { unusual: unusualBy('has 5 rows', 'rows') }, isShown: true },
  { what: 'left out an object', more: { leftOut: { count: 1, words: '' } }, isShown: true },
  { what: 'has a receipt that is not taken', more: { receipt: { code: 'X', since: 0 } }, isShown: true },
  { what: 'keeps copies without files', more: { kept: 1 }, isShown: true },
])('an older day that $what is shown, though it was not asked for: $isShown', ({ more, isShown }) => {
  expect(isShownAlways({ ...loadedDay, ...more })).toBe(isShown);
});
