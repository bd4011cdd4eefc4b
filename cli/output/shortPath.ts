import { relative } from 'node:path';
import { visibleLine } from '../../lib/log/visible.ts';

/** A path as a person would type it here: relative below the working directory, else absolute. For showing only. */
export function shortPath(path: string, from = process.cwd()): string {
  const short = relative(from, path);
  return visibleLine(short === '' || short.startsWith('..') ? path : short);
}
