/**
 * Calls that ended a master. A client sends an unanswered call again with the same number, so it
 * would also end the restarted master, and so on. So a thread that ends within a call writes the
 * call's identity beside the data, and later starts refuse the call.
 *
 *   fatal-calls   a line of JSON a call: {"clientId":…,"callId":…,"atMs":…}
 *
 * Lines older than the retry window are dropped: nobody sends those calls again. A failed write or
 * read is logged and stops nothing: the master ends, or starts, as usual.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CallIdentity } from '../executor/call-identity.js';

const LINES_MAX = 256;

type Line = CallIdentity & { readonly atMs: number };

export const fatalCallsFile = (dataDir: string): string => path.join(dataDir, 'fatal-calls');

/** Called by a thread that ends. A call without a client id cannot be recognised. */
export function noteFatalCall(dataDir: string, call: CallIdentity): void {
  if (call.clientId === 0 || call.callId === 0) return;
  const line: Line = { ...call, atMs: Date.now() };
  appendFileSync(fatalCallsFile(dataDir), `${JSON.stringify(line)}\n`, { mode: 0o600 });
}

/** Called at a start, before any thread serves. */
export function readFatalCalls(dataDir: string, windowMs: number): readonly CallIdentity[] {
  const file = fatalCallsFile(dataDir);
  const lines = linesOf(file);
  const fresh = lines.filter(({ atMs }) => atMs > Date.now() - windowMs).slice(-LINES_MAX);
  if (fresh.length < lines.length) {
    writeFileSync(file, fresh.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }
  return fresh.map(({ clientId, callId }) => ({ clientId, callId }));
}

function linesOf(file: string): Line[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return text.split('\n').flatMap((line) => {
    const read = parsed(line);
    return read === undefined ? [] : [read];
  });
}

/** A line that the end of the process cut off is ignored. */
function parsed(line: string): Line | undefined {
  try {
    const { clientId, callId, atMs } = JSON.parse(line) as Partial<Line>;
    const isWhole = [clientId, callId, atMs].every((number) => Number.isSafeInteger(number));
    return isWhole ? ({ clientId, callId, atMs } as Line) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
