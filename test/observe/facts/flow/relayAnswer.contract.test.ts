import { afterAll, describe, expect, it } from '@jest/globals';
import { readRelayAnswer } from '../../../../observe/facts/flow/relayAnswer.ts';
import { stackOf, startLogs } from '../../startLogs.ts';

const started = await startLogs();
afterAll(() => started.close());

/** The log of relay of a stage: each test writes its own. */
function relayLog(stage: string) {
  const write = started.openLog('relay', stage);
  return {
    /** Writes the line of a run that did not deliver all copies. Its code is that of its worst copy. */
    fail: (counts: {
      readonly retried?: Readonly<Record<string, number>>;
      readonly failed?: Readonly<Record<string, number>>;
    }) => write({ event: 'relay', level: 'warn', code: 'SLUICE_RELAY_REFUSED', ...counts }),
    /** Writes the line of a run that delivered copies. */
    deliver: (relayed: number) => write({ event: 'relay', level: 'info', relayed }),
    answerNow: () => readRelayAnswer({ ...started.deploymentNow(), stack: stackOf(stage) }),
  };
}

describe('what became of copies for relay last', () => {
  it('is the most frequent answer of the target, whose copies that waited for another were not sent', async () => {
    const { fail, answerNow } = relayLog('frequent');
    fail({ retried: { '429': 1, '500': 2, Target: 1, waits: 4 } });
    const at = started.isoNow();
    started.wait(1);
    fail({ retried: { waits: 3 } });
    expect(await answerNow()).toEqual({ from: 'target', why: '500', copies: 2, at, takenAt: null });
  });

  it('has when the target first took copies again, ten minutes after it took none', async () => {
    const { fail, deliver, answerNow } = relayLog('again');
    fail({ retried: { '500': 2 } });
    const at = started.isoNow();
    started.wait(2);
    deliver(3);
    const deliveredAt = started.isoNow();
    started.wait(1);
    deliver(1);
    started.wait(6);
    expect(await answerNow()).toMatchObject({ why: '500', at, takenAt: null });
    started.wait(1);
    expect(await answerNow()).toMatchObject({ why: '500', at, takenAt: deliveredAt });
  });

  it('is the error of the bucket if more copies failed with it', async () => {
    const { fail, answerNow } = relayLog('bucket');
    fail({ retried: { '500': 2 }, failed: { SlowDown: 3 } });
    expect(await answerNow()).toMatchObject({ from: 'bucket', why: 'SlowDown', copies: 3 });
  });

  it('is the error of the bucket if all copies of the last run failed with it', async () => {
    const { fail, answerNow } = relayLog('last');
    fail({ retried: { '500': 2 } });
    started.wait(1);
    fail({ failed: { InternalError: 1 } });
    expect(await answerNow()).toMatchObject({ from: 'bucket', why: 'InternalError', copies: 1 });
  });

  it('is not known a day later', async () => {
    const { fail, answerNow } = relayLog('old');
    fail({ failed: { InternalError: 1 } });
    started.wait(1_440);
    expect(await answerNow()).toBeNull();
  });
});
