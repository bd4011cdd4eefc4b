import { execFileSync } from 'node:child_process';

/** The words that `npx` gets from a command, as a real shell reads it. Nothing else can run. */
export function npxWords(command: string): readonly string[] {
  const script = `npx() { printf '%s\\0' "$@"; }\n${command}`;
  const told = execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8', env: { PATH: '' } });
  return told.split('\0').slice(0, -1);
}
