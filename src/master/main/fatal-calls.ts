/**
 * Calls that ended a life of the master. A client sends an unanswered call again, by the same
 * number, also to the next life, which that would end too, and so on. So a thread that goes down
 * within a call leaves the call's identity beside the data, and the lives after it refuse the call.
 *
 *   fatal-calls   a line of JSON a call: {"clientId":…,"callId":…,"atMs":…}
 *
 * Lines older than the retry window are given up: nobody sends the call again. What cannot be
 * written or read is told, and stops nothing: the master ends, or starts, as it would have.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CallIdentity } from '../executor/call-identity.js';

const LINES_MAX = 256;

type Line = CallIdentity & { readonly atMs: number };

export const fatalCallsFile = (dataDir: string): string => path.join(dataDir, 'fatal-calls');

/** From a thread that ends. A call without a client id cannot be told from another. */
export function noteFatalCall(dataDir: string, call: CallIdentity): void {
  if (call.clientId === 0 || call.callId === 0) return;
  const line: Line = { ...call, atMs: Date.now() };
  appendFileSync(fatalCallsFile(dataDir), `${JSON.stringify(line)}\n`, { mode: 0o600 });
}

/** At a start, before any thread serves. */
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

/** A line that was torn by the end of the process says nothing. */
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
