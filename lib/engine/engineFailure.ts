import { EngineError } from './EngineError.ts';
import { messageOf } from './fileFailure.ts';

/** Turns what DuckDB threw into an error of the machine. */
export function engineFailure(error: unknown): InstanceType<typeof EngineError> {
  const message = messageOf(error);
  if (/no space left|max_temp_directory_size/i.test(message)) {
    return new EngineError('SLUICE_ENGINE_OUT_OF_DISK', message, { cause: error });
  }
  return new EngineError(
    /out of memory|failed to allocate/i.test(message)
      ? 'SLUICE_ENGINE_OUT_OF_MEMORY'
      : 'SLUICE_ENGINE_FAILED',
    message,
    { cause: error },
  );
}
