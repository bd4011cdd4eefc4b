import { quoteText } from '../../base/sql.ts';
import { sum } from '../../base/sum.ts';
import { DuckDbSession, type EngineLimits } from '../../parquet/DuckDbSession.ts';
import { describeFiles } from '../../parquet/describeFiles.ts';
import { engineFailure } from '../../parquet/EngineError.ts';
import { FileError } from '../../parquet/FileError.ts';
import type { EngineFile } from '../../parquet/FileSchema.ts';
import { verifyPages } from '../../parquet/verifyPages.ts';
import type { RawRows } from '../mapping/CompiledMapping.ts';
import { isRowReason } from '../rowReasons.ts';
import type { Engine, LoadRequest } from './Engine.ts';
import { findFailedFile } from './findFailedFile.ts';
import { openForLoad, passedThrough } from './loadSession.ts';
import { acceptedRowsStatement, refusedRowsStatements } from './loadStatements.ts';
import { lookAtValues } from './lookAtValues.ts';
import { emptyContent, type FileRows, type MappedRows, sumRows } from './mappedRows.ts';
import { compareRows, digestsOfRows, isRepeated, rowsByName, rowsByTime } from './writtenRows.ts';

/**
 * The engine for loads that fit one machine. Each call has its own DuckDB, which can access only its files.
 *
 * @param limits Memory and threads of DuckDB, and its folder for what it spills.
 * @param reads Called before DuckDB reads one of the files to describe.
 */
export function duckDbEngine(limits: EngineLimits, reads?: (file: EngineFile) => void): Engine {
  return {
    async describe(files, signal) {
      const reach = { files: files.map(({ path }) => path), directories: [] };
      const session = await DuckDbSession.open(limits, reach, signal);
      try {
        return await describeFiles(session, files, reads);
      } catch (error) {
        throw passedThrough(error, signal) ?? engineFailure(error);
      } finally {
        session.close();
      }
    },
    async load(request) {
      const session = await openForLoad(limits, request);
      try {
        return await loadFiles(session, request);
      } catch (error) {
        throw passedThrough(error, request.signal) ?? (await findFailedFile(error, limits, request));
      } finally {
        session.close();
      }
    },
  };
}

/** Rows by the reason of their refusal, without zeros, and where most of them have what refused them. */
type Counts = Required<Pick<FileRows, 'reasons' | 'places'>>;

/**
 * Implements {@link Engine.load}. The input is read once. Files with refused rows are read again for these rows only, so
 * that unmapped columns are read only for raw rows.
 */
async function loadFiles(session: DuckDbSession, request: LoadRequest): Promise<MappedRows> {
  const { files, mapping, rowsPath: output } = request;
  await verifyMapped(request);
  const looks = mapping.groups.map((group, i) => ({ group, contentOf: lookAtValues(session, group, i) }));
  await session.run(acceptedRowsStatement(request, output));
  const { byFile: taken, sample } = await compareRows(session, request);
  const rows = files.map(({ name, rows: all }) => {
    const out = taken.get(name)?.of ?? 0;
    return { name, in: all, out, refused: all - out };
  });
  const withRefused = new Set(rows.flatMap((file, i) => (file.refused > 0 ? [i] : [])));
  const refused = withRefused.size === 0 ? null : await writeRefused(session, request, withRefused);
  const byFile = rows.map(
    (file): FileRows => ({
      ...file,
      ...(refused?.get(`${mapping.origin}${file.name}`) ?? { reasons: {}, places: {} }),
    }),
  );
  for (const { name, in: said, out: read, refused: count, reasons } of byFile) {
    const explained = sum(Object.values(reasons));
    if (explained === count) continue;
    throw new FileError(
      'SLUICE_INGEST_FILE_DAMAGED',
      `${name}: its footer says ${said} rows, and it holds ${read + explained}.`,
    );
  }
  const day = {
    ...emptyContent(),
    ...(await rowsByTime(session, request)),
    digests: await digestsOfRows(session, request),
    repeats: Object.fromEntries([...taken].filter(([, each]) => isRepeated(each))),
    sample,
    names: await rowsByName(session, request),
  };
  const contents = looks.map(({ group, contentOf }) => {
    const places = new Set(group.files);
    return contentOf(sum(rows.map(({ out }, i) => (places.has(i) ? out : 0))));
  });
  return sumRows(byFile, [day, ...contents]);
}

/** All columns. */
const ALL = [[0, Number.POSITIVE_INFINITY]] as const;

/** Verifies the checksums of mapped columns. @throws FileError */
async function verifyMapped(request: LoadRequest): Promise<void> {
  for (const { files, leaves } of request.mapping.groups.flatMap(({ raws }) => raws))
    await verifyColumns(request, files, leaves);
}

/**
 * Verifies the checksums of columns of some files.
 *
 * @param places Indexes of the files.
 * @param leaves Ranges of columns.
 * @throws FileError
 */
async function verifyColumns(
  { files, signal }: LoadRequest,
  places: Iterable<number>,
  leaves: RawRows['leaves'],
): Promise<void> {
  for (const i of places) {
    const file = files[i];
    if (file?.mayHaveChecksums === true) await verifyPages(file, { leaves, signal });
  }
}

/** Writes the refused rows of some files, and counts them by the URL of the file and the reason. */
async function writeRefused(
  session: DuckDbSession,
  request: LoadRequest,
  only: ReadonlySet<number>,
): Promise<ReadonlyMap<string, Counts>> {
  const path = request.refusedPath;
  await verifyColumns(request, only, ALL);
  for (const statement of refusedRowsStatements(request, only, path)) await session.run(statement);
  const files = new Map<string, Counts>();
  for (const row of await session.rows(
    `SELECT path, reason, regexp_replace(detail, '^row [0-9]+, ', '') AS place, count(*) AS n FROM read_parquet(${quoteText(path)}) GROUP BY ALL ORDER BY n`,
  )) {
    const reason = String(row['reason']);
    if (!isRowReason(reason)) throw new RangeError(`${reason} is not a known reason.`);
    const file = String(row['path']);
    const { reasons, places } = files.get(file) ?? { reasons: {}, places: {} };
    const count = (reasons[reason] ?? 0) + Number(row['n']);
    // The last place of a reason has the most rows of it.
    files.set(file, {
      reasons: { ...reasons, [reason]: count },
      places: { ...places, [reason]: String(row['place']) },
    });
  }
  return files;
}
