import { expect, it } from '@jest/globals';
import type { Trial } from '../../../cli/trial/Trial.ts';
import { REPORT, removalText, trialReport, trialText } from '../../../cli/trial/trialReport.ts';

const trial: Trial = {
  id: '1f0c93ab',
  account: '111122223333',
  region: 'eu-west-1',
  endpoint: 'http-api',
  project: { encryption: 'kms', permissionsBoundary: null, tags: {}, existing: { keyArn: null } },
};
const ANSWERS = [
  { code: 'SLUICE_PROBE_DROP', verdict: 'expected', found: 'loaded' },
  { code: 'SLUICE_PROBE_VIEWS', verdict: 'otherwise', found: 'no\nview' },
  { code: 'SLUICE_PROBE_ALARM', verdict: 'not asked', found: 'no metrics' },
] as const;
const removal = { deleted: 9, left: ['a bucket'] };
const startedAt = '2026-11-20T10:00:00Z';
const report = trialReport(trial, startedAt, { steps: [], answers: [], removal });

it('has neither keys nor account numbers, also of what AWS has answered', () => {
  const found = `${trial.account}, client-${'a'.repeat(32)}, secret-${'0'.repeat(32)}, 1111222233334`;
  const answers = [{ code: 'SLUICE_PROBE_DROP', verdict: 'otherwise', found }] as const;
  const left = [`arn:aws:iam::${trial.account}:role/x`];
  const { answers: shown, removal: done } = trialReport(trial, startedAt, {
    steps: [],
    answers,
    removal: { deleted: 1, left },
  });
  expect(shown[0]?.found).toBe('<account>, <key>, <key>, 1111222233334');
  expect(done?.left).toEqual(['arn:aws:iam::<account>:role/x']);
});

it('asks for its file in an issue when it has ended, and not when it was interrupted', () => {
  expect(trialText(trial, report, false)).toMatch(new RegExp(`^${REPORT} .*issue`, 'm'));
  const interrupted = trialText(trial, report, true);
  expect(interrupted).not.toMatch(/issue/);
  expect(interrupted).toContain('Not deleted: a bucket');
});

it('has the command that removes the trial if its removal did not end, also when it was interrupted', () => {
  const failed = { ...report, removal: null };
  for (const isInterrupted of [false, true])
    expect(trialText(trial, failed, isInterrupted)).toContain(
      'npx sluice trial --remove 1f0c93ab --region eu-west-1',
    );
});

it('has each answer, and of one that was otherwise what was expected and what to change, in a line each', () => {
  const text = trialText(trial, { ...report, answers: ANSWERS, seconds: 61 }, false);
  expect(text).toMatch(/^expected +SLUICE_PROBE_DROP +loaded$/m);
  expect(text).toMatch(/^OTHERWISE +SLUICE_PROBE_VIEWS +no\\nview$/m);
  expect(text).toMatch(/^not asked +SLUICE_PROBE_ALARM +no metrics$/m);
  const told = text.split('\n\n').filter((part) => part.startsWith('SLUICE_PROBE_'));
  expect(told).toEqual([
    expect.stringMatching(
      /^SLUICE_PROBE_VIEWS: Whether .*\n {2}found {6}no\\nview\n {2}expected {3}a query .*\n {2}to change {2}Drop .*$/,
    ),
  ]);
  expect(text).toContain('\n1 as expected, 1 otherwise, 1 not asked, in 1 min.\n');
});

it.each([
  {
    what: 'nothing, as there was no stack',
    removal: { deleted: 0, left: [] },
    says: /^There is no stack sluice-trial-1f0c93ab in eu-west-1 of account 111122223333\.\n$/,
  },
  { what: 'all of it', removal: { deleted: 9, left: [] }, says: /^Deleted 9 resources\.\n$/ },
  {
    what: 'nothing of what is there',
    removal: { deleted: 0, left: ['a\nbucket'] },
    says: /^Deleted 0 resources\.\nNot deleted: a\\nbucket\nNot deleted: .* --remove 1f0c93ab .*\n$/,
  },
])('says of a removal that has deleted $what', ({ removal: done, says }) => {
  expect(removalText(trial, done)).toMatch(says);
});
