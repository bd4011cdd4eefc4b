import { expect, it } from '@jest/globals';
import { toCurateFailure } from '../../../lib/curate/CurateError.ts';
import { LoadError } from '../../../lib/drops/load/LoadError.ts';
import { CatalogCallError } from '../../../lib/landing/catalog/catalogCalls.ts';
import { EngineError } from '../../../lib/parquet/EngineError.ts';

it.each([
  { error: new LoadError('SLUICE_LOAD_BUCKET_FAILED'), code: 'SLUICE_CURATE_BUCKET_FAILED' },
  { error: new EngineError('SLUICE_ENGINE_OUT_OF_DISK'), code: 'SLUICE_CURATE_DAY_TOO_LARGE' },
  { error: new EngineError('SLUICE_ENGINE_OUT_OF_MEMORY'), code: 'SLUICE_ENGINE_OUT_OF_MEMORY' },
])('the error $error.code of a step is noted as $code', ({ error, code }) => {
  expect(toCurateFailure(error, AbortSignal.any([])).code).toBe(code);
});

it('the failure of a call of the catalog is noted by the name of its error', () => {
  const error = new CatalogCallError({ code: 'ThrottlingException', message: 'u-secret', isTransient: true });
  expect(toCurateFailure(error, AbortSignal.any([]))).toMatchObject({
    code: 'SLUICE_CURATE_CATALOG_FAILED',
    message: expect.stringMatching(/ ThrottlingException\.$/),
  });
});
