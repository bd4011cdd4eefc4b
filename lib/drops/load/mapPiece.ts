import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../base/errors.ts';
import { sum } from '../../base/sum.ts';
import { listed } from '../../base/text.ts';
import { EngineError } from '../../parquet/EngineError.ts';
import { FileError } from '../../parquet/FileError.ts';
import type { FileSchema } from '../../parquet/FileSchema.ts';
import { fetchFiles } from '../../parquet/fetchFiles.ts';
import type { DropObject } from '../CustomerBucket.ts';
import type { MappedRows } from '../engine/mappedRows.ts';
import { requirePagesFit } from '../engine/pagesFit.ts';
import type { CompiledMapping } from '../mapping/CompiledMapping.ts';
import { compileMapping } from '../mapping/compileMapping.ts';
import { SourceError } from '../SourceError.ts';
import { LoadError } from './LoadError.ts';
import type { DayLoad, Progress } from './Progress.ts';

/** The file with the accepted rows of a piece. Without such rows it is not there, or does not count. */
export const ROWS_FILE = 'rows.parquet';
/** The file with the refused rows of a piece, as {@link ROWS_FILE}. */
export const REFUSED_FILE = 'refused.parquet';

/** Some files of a day, and what all files of the day share. */
export interface Piece {
  /** The files of the piece, as they were listed. */
  readonly files: readonly DropObject[];
  /** Value of `ingested_at`, epoch milliseconds. */
  readonly loadedAt: number;
  /** Value of `received_at` of refused rows, epoch milliseconds. */
  readonly receivedAt: number;
}

/**
 * Fetches files of a day and maps them, into files on the function's disk.
 *
 * @param folder An empty folder, or none yet.
 * @returns Its rows, in files of the folder; `outdated` if a file was replaced or is gone.
 * @throws SourceError, FileError, EngineError, LoadError; the signal's reason. Problems of files are in the progress.
 */
export async function mapPiece(
  { loader, invocation, place, progress }: DayLoad,
  piece: Piece,
  folder: string,
): Promise<MappedRows | 'outdated'> {
  const { engine, config, limits, wait, random, freeBytes } = loader;
  const { signal } = invocation;
  const { source, dataset } = place;
  const bytes = sum(piece.files.map(({ size }) => size));
  const room = await freeBytes();
  const fetched = join(folder, 'files');
  try {
    requireRoom(piece.files, bytes, room);
    await mkdir(fetched, { recursive: true });
    const files = await fetchFiles(loader.customerBucket(source, dataset), piece.files, {
      directory: fetched,
      wait,
      random,
      signal,
      onFailed: (key, error) => progress.problems.set(key, error),
      makeError: fetchFailure,
    });
    if (files === null) return 'outdated';
    await loader.faultPoint?.('fetched');
    const described = await engine.describe(files, signal);
    const subject = { source, dataset, unitIds: config.unitIds };
    for (const file of described) if ('problem' in file) progress.problems.set(file.name, file.problem);
    const schemas = described.flatMap((file) => ('problem' in file ? [] : [file]));
    const mapping = compileMapping(subject, schemas, place.day, progress.problems);
    requirePagesFit(schemas, mapping, limits);
    const mapped = await engine.load({
      files: schemas,
      mapping: fitting(mapping, schemas, bytes, room),
      rowsPath: join(folder, ROWS_FILE),
      refusedPath: join(folder, REFUSED_FILE),
      loadedAt: piece.loadedAt,
      receivedAt: piece.receivedAt,
      signal,
    });
    await loader.faultPoint?.('mapped');
    return mapped;
  } catch (error) {
    const named = withNames(error, piece.files);
    noteProblem(named, piece.files, progress);
    throw named;
  } finally {
    await rm(fetched, { recursive: true, force: true });
  }
}

/**
 * Refuses files that do not fit the disk with their result, which is about as large.
 *
 * @throws FileError naming the largest.
 */
function requireRoom(files: readonly DropObject[], bytes: number, room: number): void {
  const [largest] = files.toSorted((a, b) => b.size - a.size);
  if (largest === undefined || 2 * bytes <= room) return;
  throw new FileError('SLUICE_INGEST_FILE_TOO_LARGE', `${largest.key}: ${bytes} bytes, room for ${room}.`);
}

/**
 * The mapping; without the order of its rows if they do not fit the disk beside their files, where DuckDB holds them
 * while it sorts.
 */
function fitting(
  mapping: CompiledMapping,
  schemas: readonly FileSchema[],
  bytes: number,
  room: number,
): CompiledMapping {
  const decoded = sum(schemas.map(({ decodedBytes }) => decodedBytes));
  return bytes + decoded <= room ? mapping : { ...mapping, sortBy: [] };
}

/** The error of a file that broke off each time, or of the function's disk. */
function fetchFailure(kind: 'body' | 'full_disk' | 'disk', detail: string, cause: unknown): SluiceError {
  if (kind === 'body') return new SourceError('SLUICE_SOURCE_UNAVAILABLE', detail, { cause });
  return new LoadError(kind === 'full_disk' ? 'SLUICE_LOAD_DISK_FULL' : 'SLUICE_LOAD_STOPPED', detail, {
    cause,
  });
}

/**
 * The error, with the names of the files if it is of the engine. A file that does not fit the disk with its rows is too
 * large.
 */
function withNames(error: unknown, files: readonly DropObject[]): unknown {
  if (!(error instanceof EngineError)) return error;
  const detail = `${listed(files.map(({ key }) => key))}: ${error.detail}`;
  return error.code === 'SLUICE_ENGINE_OUT_OF_DISK' && files.length === 1
    ? new FileError('SLUICE_INGEST_FILE_TOO_LARGE', detail, { cause: error })
    : new EngineError(error.code, detail, { cause: error });
}

/** Records a file's error under its key. Details begin with the file's name. */
function noteProblem(
  error: unknown,
  files: readonly Pick<DropObject, 'key'>[],
  { problems }: Progress,
): void {
  if (!(error instanceof SluiceError)) return;
  const file = files.find(({ key }) => error.detail.startsWith(`${key}: `));
  if (file !== undefined) problems.set(file.key, error);
}
