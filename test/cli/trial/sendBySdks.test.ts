import { describe, expect, it } from '@jest/globals';
import { sdkReplies } from '../../../cli/trial/sendBySdks.ts';

describe('sdkReplies', () => {
  it('are 202 for each SDK that has sent its event, whatever else is printed', () => {
    const printed = '{"sdk":"js","events":1}\nstatsig: 1 event\n{"sdk":"core","events":2}\n';
    expect(sdkReplies({ printed, problem: null })).toMatchObject({
      js: { status: 202 },
      core: { status: 202 },
    });
  });

  it('keep what one SDK has sent before the other one failed', () => {
    const problem = 'the process of the SDKs ended with SIGSEGV';
    expect(sdkReplies({ printed: '{"sdk":"js","events":1}\n', problem })).toMatchObject({
      js: { status: 202 },
      core: { status: null, problem },
    });
  });

  it('say that an SDK has sent nothing', () => {
    const printed = '{"sdk":"js","events":0}\n{"sdk":"core","events":1}\n';
    expect(sdkReplies({ printed, problem: null })).toMatchObject({
      js: { status: null, problem: 'the SDK has sent nothing' },
      core: { status: 202 },
    });
  });
});
