import { expect, it } from '@jest/globals';
import type { Trial } from '../../../cli/trial/Trial.ts';
import { REPORT, trialReport, trialText } from '../../../cli/trial/trialReport.ts';

const trial: Trial = {
  id: '1f0c93ab',
  account: '111122223333',
  region: 'eu-west-1',
  endpoint: 'http-api',
  project: { encryption: 'kms', permissionsBoundary: null, tags: {}, existing: { keyArn: null } },
};
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
