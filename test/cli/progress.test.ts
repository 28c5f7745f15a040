/** Progress: a bar on a terminal, lines elsewhere, nothing with --json or -q. */
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { reportProgress } from '../../src/cli/progress.js';

class Screen extends Writable {
  text = '';
  readonly isTTY: boolean;
  readonly columns = 120;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.text += Buffer.from(chunk).toString();
    done();
  }
}

const how = { unit: 'entries', isQuiet: false };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout', 'Date'] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('progress', () => {
  it('is a bar on a terminal, removed when the work is over', () => {
    const screen = new Screen(true);
    const progress = reportProgress(screen, 'load /a', how);
    vi.advanceTimersByTime(1000);
    progress.update({ done: 50, total: 100 });
    vi.advanceTimersByTime(1000);
    expect(screen.text).toContain(`load /a ${'█'.repeat(14)}${'░'.repeat(14)} 50/100 entries, `);
    progress.update({ done: 70, total: 0 });
    vi.advanceTimersByTime(1000);
    expect(screen.text).toContain('load /a 70 entries, ');
    progress.stop();
    screen.text = '';
    vi.advanceTimersByTime(5000);
    expect(screen.text).toBe('');
  });

  it('is a line every few seconds elsewhere', () => {
    const screen = new Screen(false);
    const progress = reportProgress(screen, 'put a', how);
    for (let done = 1; done <= 12; done++) {
      vi.advanceTimersByTime(1000);
      progress.update({ done, total: 12, failed: done > 8 ? 1 : 0 });
    }
    progress.stop();
    expect(screen.text).toBe(
      'put a: 5/12 entries, 1/s, 7s left\nput a: 10/12 entries, 1/s, 1 failed, 2s left\n',
    );
  });

  it('is nothing when it is not wanted', () => {
    const screen = new Screen(true);
    const progress = reportProgress(screen, 'get a', { unit: 'files', isQuiet: true });
    progress.update({ done: 1, total: 2 });
    progress.stop();
    expect(screen.text).toBe('');
  });
});
