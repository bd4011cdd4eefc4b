import { jest } from '@jest/globals';

// A limit is for a test that hangs: a slow machine is no fault of the product.
jest.setTimeout(240_000);
