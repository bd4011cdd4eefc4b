import { duckDbMessage, tellable } from './duckDbMessage.ts';
import { EngineError } from './EngineError.ts';
import { machineFault } from './machineFault.ts';

const CODES = {
  memory: 'SLUICE_ENGINE_OUT_OF_MEMORY',
  disk: 'SLUICE_ENGINE_OUT_OF_DISK',
  interrupted: 'SLUICE_ENGINE_FAILED',
  other: 'SLUICE_ENGINE_FAILED',
} as const;

/** Turns what DuckDB threw into an error of the machine. */
export function engineFailure(error: unknown): InstanceType<typeof EngineError> {
  const message = duckDbMessage(error);
  return new EngineError(CODES[machineFault(message) ?? 'other'], tellable(message), { cause: error });
}
