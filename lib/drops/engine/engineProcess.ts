// One call of the engine, in a process of its own: `node engineProcess.ts <call> <answer> <reading>`, which are files
// (childEngine.ts).
import { readFileSync, writeFileSync } from 'node:fs';
import { SluiceError } from '../../base/errors.ts';
import { engineFailure } from '../../parquet/EngineError.ts';
import type { FileSchema, UnreadableFile } from '../../parquet/FileSchema.ts';
import type { DescribedFiles, EngineCall } from './childEngine.ts';
import { duckDbEngine } from './duckDbEngine.ts';
import { findFailedFile } from './findFailedFile.ts';

const [callPath = '', answerPath = '', readingPath = ''] = process.argv.slice(2);
// Its caller is gone.
process.stdin.on('close', () => process.exit(1)).resume();
const call: EngineCall = JSON.parse(readFileSync(callPath, 'utf8'));
const answer = await answerOf(call).then(
  (value) => ({ value }),
  (error: unknown) => {
    const { code, detail } = error instanceof SluiceError ? error : engineFailure(error);
    return { code, detail };
  },
);
writeFileSync(answerPath, JSON.stringify(answer));
process.exit();

/** Does what one message asks for. */
async function answerOf(asked: EngineCall): Promise<unknown> {
  const files = asked.kind === 'describe' ? asked.files : [];
  const engine = duckDbEngine(asked.limits, (file) => noteReading(files.indexOf(file)));
  switch (asked.kind) {
    case 'describe':
      return shared(await engine.describe(files));
    case 'load':
      return engine.load(asked.request);
    case 'probe': {
      const failure = await findFailedFile(
        new Error('It crashed.'),
        asked.limits,
        asked.request,
        noteReading,
      );
      if (failure instanceof SluiceError && failure.fault === 'user') throw failure;
      return null;
    }
  }
}

/** Notes which file DuckDB is about to read alone: if it crashes, it is the one. */
function noteReading(file: number): void {
  writeFileSync(readingPath, String(file));
}

/** The answer with each set of columns once: a day may have thousands of files with the same columns. */
function shared(described: readonly (FileSchema | UnreadableFile)[]): DescribedFiles {
  const shapes = new Map<FileSchema['columns'], number>();
  const files = described.map((file) => {
    if ('problem' in file) return { code: file.problem.code, detail: file.problem.detail };
    const { columns, rows, decodedBytes, mayHaveChecksums, largePages } = file;
    const shape = shapes.get(columns) ?? shapes.size;
    shapes.set(columns, shape);
    return { shape, rows, decodedBytes, mayHaveChecksums, largePages: [...largePages] };
  });
  return { shapes: [...shapes.keys()].map((columns) => [...columns]), files };
}
