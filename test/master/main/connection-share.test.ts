/** Descriptors are kept for the own files of the master; each RPC thread shares in the rest. */
import { describe, expect, it } from 'vitest';
import { connectionShare, connectionsFor } from '../../../src/master/main/connection-share.js';

describe('connections', () => {
  it.each([
    [20_000, 19_488],
    [1024, 512],
    [100, 50],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ])('of %d descriptors are %d', (descriptors, connections) => {
    expect(connectionsFor(descriptors)).toBe(connections);
  });

  it('are shared by the RPC threads', () => {
    expect(connectionShare(1000, 3)).toBe(334);
    expect(connectionShare(0, 1)).toBeGreaterThan(0);
    expect(connectionShare(0, 1)).toBeGreaterThanOrEqual(connectionShare(0, 2));
  });
});
