/**
 * Whether the socket library (uWebSockets.js, a native addon) can be loaded here. It comes as
 * binaries: for Node 20 on glibc 2.27 and newer, for Node 22 and 24 on glibc 2.38 and newer.
 */
import { Code, StatusError } from '../base/status.js';

type ReportHeader = { readonly header: { readonly glibcVersionRuntime?: string } };

export async function requireSocketLibrary(): Promise<void> {
  try {
    await import('uWebSockets.js');
  } catch (error) {
    throw noBinary(error);
  }
}

/** Says what this machine has, what is missing, and what to do. */
export function noBinary(cause: unknown): StatusError {
  const { platform, arch, version } = process;
  const { glibcVersionRuntime } = (process.report.getReport() as unknown as ReportHeader).header;
  const system = glibcVersionRuntime === undefined ? 'no glibc' : `glibc ${glibcVersionRuntime}`;
  const reason =
    `The socket library has no binary that works here: Node ${version}, ${platform} ${arch}, ` +
    `${system}.`;
  return new StatusError(Code.FAILED_PRECONDITION, reason, {
    hint:
      'Use Node 20 on glibc 2.27 or newer, or Node 22 or 24 on glibc 2.38 or newer (Debian 13, ' +
      `Ubuntu 24.04). The loader says: ${lastLine(cause)}`,
  });
}

function lastLine(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.trim().split('\n').at(-1) ?? '';
}
