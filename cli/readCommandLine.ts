import { type ParseArgsConfig, parseArgs } from 'node:util';
import { nearestNames } from '../lib/errors/nearestNames.ts';
import type { Command, CommandLine, CommandOptions } from './Command.ts';
import { UsageError } from './UsageError.ts';

type Token = NonNullable<ReturnType<typeof parseArgs<ParseArgsConfig & { tokens: true }>>['tokens']>[number];

/**
 * Reads what follows a command's name. `node:util` splits it; what is wrong with it is said in our words, as its own name no
 * option that was meant.
 *
 * @throws UsageError SLUICE_USAGE_OPTIONS, naming every option that is not understood.
 */
export function readCommandLine({ options }: Pick<Command, 'options'>, argv: readonly string[]): CommandLine {
  const { values, positionals, tokens } = parseArgs({
    args: [...argv],
    options: { ...options },
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const wrong = tokens.flatMap((token) => problemOf(token, options) ?? []);
  if (wrong.length > 0) throw new UsageError('SLUICE_USAGE_OPTIONS', wrong.join(' '));
  return { values, positionals };
}

function problemOf(token: Token, options: CommandOptions): string | undefined {
  if (token.kind !== 'option') return undefined;
  const { name, rawName, value, inlineValue } = token;
  if (!Object.hasOwn(options, name) || !rawName.startsWith('--')) return unknownOption(rawName, options);
  const takesValue = options[name]?.type === 'string';
  if (!takesValue) return value === undefined ? undefined : `${rawName}: it takes no value.`;
  if (value === undefined) return `${rawName}: expected a value.`;
  // The next option, most likely; - alone is stdin, and -1 a number that the command judges.
  if (inlineValue === false && /^-[^\d.]/.test(value))
    return `${rawName}: expected a value before ${value}. A value that begins with - is written ${rawName}=${value}.`;
  return undefined;
}

function unknownOption(rawName: string, options: CommandOptions): string {
  if (/\s/.test(rawName))
    return `${JSON.stringify(rawName)} begins with -, as options do. An argument like that is written after a -- of its own.`;
  const known = Object.keys(options).map((name) => `--${name}`);
  return `${rawName}: there is no such option.${didYouMean(rawName, known)}`;
}

/** ` Did you mean start?`, with the names that are nearest to a word; empty when none is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const names = nearestNames(word, known);
  return names.length === 0 ? '' : ` Did you mean ${names.join(' or ')}?`;
}
