import { describe } from '@jest/globals';
import { hasBrowser } from './openBrowser.ts';

/** `describe` for stories in a real browser; without a browser they are skipped, and {@link hasBrowser} says so. */
export const describeInBrowser = hasBrowser() ? describe : describe.skip;
