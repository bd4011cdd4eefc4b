import { afterAll, afterEach, jest } from '@jest/globals';
import { unendedWaits } from './waiting.ts';

// A limit is for a test that hangs: a slow machine is no fault of the product.
jest.setTimeout(240_000);

function requireEndedWaits() {
  const waits = unendedWaits();
  if (waits.length > 0) throw new Error(`The test ended while it waited for ${waits.join('; ')}.`);
}
afterEach(requireEndedWaits);
afterAll(requireEndedWaits);
