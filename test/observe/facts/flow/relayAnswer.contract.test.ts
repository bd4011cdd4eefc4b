import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readRelayAnswer } from '../../../../observe/facts/flow/relayAnswer.ts';
import { startLogs } from '../../startLogs.ts';

const started = await startLogs();
afterAll(() => started.close());

const answerNow = () => readRelayAnswer(started.deploymentNow());

describe('what became of copies for relay last', () => {
  const write = started.errorLog('relay');
  /** A run that did not deliver all copies. Its code is that of its worst copy. */
  const failing = (counts: {
    readonly retried?: Readonly<Record<string, number>>;
    readonly failed?: Readonly<Record<string, number>>;
  }) => write({ event: 'relay', level: 'warn', code: 'SLUICE_RELAY_REFUSED', ...counts });
  const delivering = (relayed: number) => write({ event: 'relay', level: 'info', relayed });
  let failedAt: string;
  let deliveredAt: string;
  // Each test goes on where the one before has stopped.
  beforeAll(async () => {
    failing({ retried: { '429': 1, '500': 2, Target: 1, waits: 4 } });
    failedAt = started.isoNow();
    await started.wait(1);
    failing({ retried: { waits: 3 } });
  });

  it('is the most frequent answer of the target, whose copies that waited for another were not sent', async () => {
    expect(await answerNow()).toEqual({
      from: 'target',
      why: '500',
      copies: 2,
      at: failedAt,
      takenAt: null,
    });
  });

  it('is still that within ten minutes, also if the target has taken copies since', async () => {
    await started.wait(1);
    delivering(3);
    deliveredAt = started.isoNow();
    await started.wait(1);
    delivering(1);
    // Nine minutes after the run that failed.
    await started.wait(6);
    expect(await answerNow()).toMatchObject({ why: '500', at: failedAt, takenAt: null });
  });

  it('has ten minutes later when the target first took copies again', async () => {
    await started.wait(1);
    expect(await answerNow()).toMatchObject({ why: '500', at: failedAt, takenAt: deliveredAt });
  });

  it('is the error of the bucket if more copies failed with it, or all', async () => {
    await started.wait(1);
    failing({ retried: { '500': 2 }, failed: { SlowDown: 3 } });
    expect(await answerNow()).toMatchObject({ from: 'bucket', why: 'SlowDown', copies: 3 });
    await started.wait(1);
    failing({ failed: { InternalError: 1 } });
    expect(await answerNow()).toMatchObject({ from: 'bucket', why: 'InternalError', copies: 1 });
  });

  it('is not known a day later', async () => {
    await started.wait(1440);
    expect(await answerNow()).toBeNull();
  });
});
