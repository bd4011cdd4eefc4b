import { type DuckDbMessage, tellable } from './duckDbMessage.ts';

/** Kinds of errors whose messages never quote a row; `''` are texts that DuckDB did not write as JSON. */
const OF_THE_MACHINE = ['Out of Memory', 'IO', 'INTERRUPT', ''];

/** What DuckDB's message says of the machine; null when it says nothing of it. It has a sentence for each way to ask for memory. */
export function machineFault(message: DuckDbMessage): 'memory' | 'disk' | 'interrupted' | null {
  const { type, text } = message;
  // A quoted value may read like anything.
  const said = OF_THE_MACHINE.includes(type) ? text : tellable(message);
  if (/no space left|max_temp_directory_size/i.test(said)) return 'disk';
  if (type === 'Out of Memory' || /out of memory|(failed to|could not) allocate/i.test(said)) return 'memory';
  return type === 'INTERRUPT' || /interrupt/i.test(said) ? 'interrupted' : null;
}
