import { relative } from 'node:path';

/** A path as a person would type it here: relative below the working directory, else absolute. */
export function shortPath(path: string, from = process.cwd()): string {
  const short = relative(from, path);
  return short === '' || short.startsWith('..') ? path : short;
}
