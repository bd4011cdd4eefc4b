import { defineErrorFamily } from '../../errors/defineErrorFamily.ts';

/** What can go wrong with the machine that maps files. */
export const EngineError = defineErrorFamily('system', {
  SLUICE_ENGINE_OUT_OF_MEMORY: {
    cause: 'A load needs more memory than the function has.',
    cure: 'Raise `memorySize` of `ingest-load` in serverless.yml, to 10240 at most, or let the files be written with smaller row groups.',
  },
  SLUICE_ENGINE_OUT_OF_DISK: {
    cause: 'A load needs more disk than the function has.',
    cure: 'The function `ingest-load` has the largest disk that Lambda gives. Raise its `memorySize` in serverless.yml, to 10240 at most, so that less goes to the disk, or let the files be written into two folders, and configure a dataset for each.',
  },
  SLUICE_ENGINE_FAILED: {
    cause: 'DuckDB failed in a way that says nothing about the files.',
    cure: 'The task is tried again. If it stays, look at the detail.',
  },
});
