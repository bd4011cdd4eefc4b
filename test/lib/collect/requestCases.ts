import type { PutRecord } from '../../../lib/landing/store/land.ts';
import { NOW } from './startCollector.ts';

/** An event and an exposure that are accepted. */
export const event = { eventName: 'e', time: NOW };
export const gate = { eventName: 'statsig::gate_exposure', time: NOW, metadata: { gate: 'g', ruleID: 'r' } };

/** Dimensions of the metrics of the collector of a test. */
export const ofCollector = { function: 'collect', stage: 'test' };

/** The answer to an accepted request. */
export const accepted = { status: 202, answer: { success: true } };
/** The answer to a refused request, but for its words. */
export const refusedWith = (status: number, code: string) => ({ status, answer: { success: false, code } });

/** What a stream or a bucket that is away throws. */
export class Gone extends Error {
  override readonly name = 'Gone';
}
/** A stream or a bucket that is away. */
export const down = () => Promise.reject(new Gone());
/** The ports of a collector whose stream behaves so. */
export const withStream = (putRecord: PutRecord) => ({ stream: { putRecord } });
