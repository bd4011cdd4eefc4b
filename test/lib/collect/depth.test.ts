import { expect, it } from '@jest/globals';
import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { collectDocuments } from './collectOne.ts';

const plan = collectPlan(defineConfig({ bucket: 'test' }));
const sender = {
  keyHash: 'a'.repeat(64),
  clientTimes: [],
  sessionId: null,
  sdkType: null,
  sdkVersion: null,
  receivedAt: Date.UTC(2026, 10, 20, 7, 32),
};
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

it('an event nested deeper than 64 levels is refused, wherever it is that deep', () => {
  for (const event of [
    `"value":${nested(65)}`,
    `"user":{"custom":${nested(64)}}`,
    `"metadata":{"a":${nested(64)}}`,
    `"statsigMetadata":{"a":${nested(64)}}`,
    `"other":${nested(65)}`,
    `"secondaryExposures":${nested(65)}`,
  ]) {
    const { refused, documents } = collectDocuments(
      `{"events":[{"eventName":"e",${event}},{"eventName":"e"}]}`,
      sender,
      plan,
    );
    expect([event, refused.map(({ code }) => code)]).toEqual([event, ['SLUICE_EVENT_TOO_DEEP']]);
    expect(documents.events).toHaveLength(1);
  }
});

it("a batch's own metadata nested deeper makes the body one of the wrong shape", () => {
  const body = `{"events":[{"eventName":"e"}],"statsigMetadata":{"a":${nested(64)}}}`;
  expect(() => collectDocuments(body, sender, plan)).toThrow(
    expect.objectContaining({ code: 'SLUICE_BODY_WRONG_SHAPE' }),
  );
});

it('a stack overflow of our own is no event nested too deeply: it is not answered as taken', () => {
  const broken = {
    ...plan,
    filter: () => {
      throw new RangeError('Maximum call stack size exceeded');
    },
  };
  expect(() => collectDocuments('{"events":[{"eventName":"e"}]}', sender, broken)).toThrow(RangeError);
});
