// One load in a separate process, and what it takes of the disk: node bench/ingest/estimateOnce.ts, the request as JSON on stdin.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import * as z from 'zod';
import { duckDbEngine } from '../../lib/drops/engine/duckDbEngine.ts';
import type { FileSchema } from '../../lib/drops/engine/Engine.ts';
import { estimateLoad } from '../../lib/drops/engine/estimateLoad.ts';
import { compileMapping } from '../../lib/drops/mapping/compileMapping.ts';
import { subjectOf } from './dropKinds.ts';
import { DAY } from './ingestData.ts';

/** Milliseconds between two looks at the disk. */
const LOOK_MS = 10;
const BLOCK_BYTES = 512;

const { kind, files, ...request } = z
  .strictObject({
    kind: z.string(),
    files: z.array(z.strictObject({ path: z.string(), name: z.string() })),
    directory: z.string(),
    threads: z.int(),
    memoryMegabytes: z.int(),
  })
  .parse(await json(process.stdin));
const directory = mkdtempSync(join(request.directory, 'estimate-'));
const [outputDirectory, temporaryDirectory] = [join(directory, 'rows'), join(directory, 'spilled')];
for (const path of [outputDirectory, temporaryDirectory]) mkdirSync(path);
const limits = { ...request, temporaryDirectory };

let most = 0;
const looking = setInterval(() => {
  most = Math.max(most, bytesIn(outputDirectory) + bytesIn(temporaryDirectory));
}, LOOK_MS);

const engine = duckDbEngine(limits);
const schemas = (await engine.describe(files)).map((file): FileSchema => {
  if ('problem' in file) throw file.problem;
  return file;
});
const subject = subjectOf(kind);
const estimated = estimateLoad(subject, schemas, limits).diskBytes;
await engine.load({
  files: schemas,
  mapping: compileMapping(subject, schemas),
  day: DAY,
  outputDirectory,
  refusedPath: join(directory, 'refused.parquet'),
  loadedAt: Date.UTC(2026, 10, 21),
  limits,
});
clearInterval(looking);
const taken = schemas.reduce((sum, { bytes }) => sum + bytes, 0) + Math.max(most, bytesIn(outputDirectory));
rmSync(directory, { recursive: true });
process.stdout.write(JSON.stringify({ estimated, taken }));

/** Bytes that the files of a folder take of the disk. */
function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => {
    const found = statSync(join(folder, name), { throwIfNoEntry: false });
    return sum + (found?.blocks ?? 0) * BLOCK_BYTES;
  }, 0);
}
