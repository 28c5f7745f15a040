/**
 * Logs: one pino logger a thread, with the thread's name in every line and a child per request.
 *
 * pino is loaded when a logger is made: a shard makes one only to tell of a bug.
 *
 * Lines are written synchronously: a log line is rare here (nothing is logged per call), and the
 * one that explains a crash must be out before the crash.
 * Invariant: no secret reaches the output: every logged object passes base/redact.
 */
import { createRequire } from 'node:module';
import { isatty } from 'node:tty';
import type { DestinationStream, Logger } from 'pino';
import { redact, redactText } from '../base/redact.js';

export type Log = Logger;

const STDOUT = 1;

const require = createRequire(import.meta.url);

export type LogSettings = {
  readonly logLevel: string;
  /** Coloured lines for people: 'auto' where standard output is a terminal. */
  readonly logPretty: string;
};

export type LogOptions = {
  /** "main", "shard-0", "writer", …: bound to every line. */
  readonly thread: string;
  /** Where lines go; standard output when absent. */
  readonly stream?: DestinationStream;
};

export function createLog(
  { logLevel, logPretty }: LogSettings,
  { thread, stream }: LogOptions,
): Log {
  const { destination, pino, stdSerializers, stdTimeFunctions } = loadPino();
  const isPretty = logPretty === 'auto' ? isatty(STDOUT) : logPretty === 'true';
  const lines = stream ?? (isPretty ? prettyStream() : undefined);
  const options = {
    level: logLevel,
    base: { thread },
    timestamp: stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => redact(fields) as Record<string, unknown>,
    },
    serializers: { err: (error: Error) => redact({ ...stdSerializers.err(error) }) },
    hooks: { logMethod: redactMessage },
  };
  return pino(options, lines ?? destination({ fd: STDOUT, sync: true }));
}

const loadPino = () => require('pino') as typeof import('pino');

function redactMessage(
  this: Log,
  args: Parameters<Log['info']>,
  method: (this: Log, ...args: Parameters<Log['info']>) => void,
): void {
  const clean = args.map((arg: unknown) => (typeof arg === 'string' ? redactText(arg) : arg));
  method.apply(this, clean as Parameters<Log['info']>);
}

/** pino-pretty is a development dependency: where it is not installed, lines stay JSON. */
function prettyStream(): DestinationStream | undefined {
  try {
    const { build } = require('pino-pretty') as typeof import('pino-pretty');
    return build({ colorize: isatty(STDOUT), sync: true, ignore: 'pid,hostname' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
