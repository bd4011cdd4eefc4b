import { afterAll, afterEach } from '@jest/globals';
import { unendedWaits } from './waiting.ts';

function requireEndedWaits() {
  const waits = unendedWaits();
  if (waits.length > 0) throw new Error(`The test ended while it waited for ${waits.join('; ')}.`);
}
afterEach(requireEndedWaits);
afterAll(requireEndedWaits);
