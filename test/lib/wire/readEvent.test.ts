import { describe, expect, it } from '@jest/globals';
import { EvaluationText } from '../../../lib/wire/EvaluationText.ts';
import { parseBatch } from '../../../lib/wire/parseBatch.ts';
import { readEvent } from '../../../lib/wire/readEvent.ts';

describe('readEvent', () => {
  it.each([undefined, null, []])('reads %j as an event without a user', (user) => {
    expect(readEvent({ eventName: 'e', user }, { userID: 'batch' }, false).user).toEqual({ userID: 'batch' });
  });

  it("parses metadata of the application's events only", () => {
    const kindOf = (eventName: string) => {
      const text = `{"events":[{"eventName":"${eventName}","metadata":{"gate":"g"}}]}`;
      const [event] = parseBatch(text).events;
      return readEvent(event, null, false).metadata;
    };
    expect(kindOf('statsig::gate_exposure')).toBeInstanceOf(EvaluationText);
    expect(kindOf('checkout')).toEqual({ gate: 'g' });
  });
});
