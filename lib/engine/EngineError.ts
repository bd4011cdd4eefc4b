import { defineErrorFamily } from '../errors/defineErrorFamily.ts';

/** What can go wrong with the machine that maps files. */
export const EngineError = defineErrorFamily('system', {
  SLUICE_ENGINE_OUT_OF_MEMORY: {
    cause: 'A load needs more memory than the function has.',
    cure: 'Give the function more memory, or let the drop be written with smaller row groups.',
  },
  SLUICE_ENGINE_OUT_OF_DISK: {
    cause: 'A load needs more disk than the function has.',
    cure: 'Give the function more ephemeral storage, or let the day be dropped in several datasets.',
  },
  SLUICE_ENGINE_FAILED: {
    cause: 'DuckDB failed in a way that says nothing about the files.',
    cure: 'The task is tried again. If it stays, look at the detail.',
  },
});
