/** Goal: permissions as POSIX has them. Method: kernels against twin, few ids so that they meet. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CALLER, NODE, NODE_BYTES, WALK } from '../../../../src/master/memory/layout.js';
import * as twin from '../../../../src/master/memory/twin/permission.js';
import { caller, kernel, RUNS, shared, walkA } from './kernel-fixture.js';

const id = fc.nat({ max: 4 });
const someCaller = fc.record({
  user: id,
  groups: fc.uniqueArray(id, { maxLength: 4 }),
  isSuper: fc.nat({ max: 9 }).map((n) => n === 0),
});
const someInode = fc.record({ mode: fc.nat({ max: 0o7777 }), owner: id, group: id });

function setCaller(who: twin.Caller): void {
  const { view } = shared;
  view.setUint32(caller + CALLER.USER, who.user, true);
  view.setUint32(caller + CALLER.SUPER, who.isSuper ? 1 : 0, true);
  view.setUint32(caller + CALLER.GROUP_COUNT, who.groups.length, true);
  who.groups.forEach((group, i) => {
    view.setUint32(caller + CALLER.GROUPS + 4 * i, group, true);
  });
}

function setNodes(nodes: readonly twin.Guarded[]): void {
  nodes.forEach((node, i) => {
    const at = walkA + WALK.NODES + i * NODE_BYTES;
    shared.view.setUint16(at + NODE.MODE, node.mode, true);
    shared.view.setUint32(at + NODE.OWNER, node.owner, true);
    shared.view.setUint32(at + NODE.GROUP, node.group, true);
  });
}

describe('permission', () => {
  test('permits equals its twin', () => {
    fc.assert(
      fc.property(someCaller, someInode, fc.nat({ max: 7 }), (who, inode, bits) => {
        setCaller(who);
        const granted = kernel.permits(inode.mode, inode.owner, inode.group, caller, bits);
        expect(granted === 1).toBe(twin.permits(inode, who, bits));
      }),
      RUNS,
    );
  });

  test('the owner is held to the owner bits, whatever others may do', () => {
    setCaller({ user: 3, groups: [5], isSuper: false });
    expect(kernel.permits(0o077, 3, 5, caller, 4)).toBe(0);
    expect(kernel.permits(0o707, 9, 5, caller, 4)).toBe(0);
    expect(kernel.permits(0o007, 9, 9, caller, 7)).toBe(1);
  });

  test('deniedAt finds the first directory that may not be searched, among those resolved', () => {
    const nodes = fc.array(someInode, { minLength: 1, maxLength: 8 });
    const next = fc.nat({ max: 9 });
    const last = fc.integer({ min: -1, max: 7 });
    fc.assert(
      fc.property(someCaller, nodes, next, last, (who, path, resolved, end) => {
        setCaller(who);
        setNodes(path);
        const count = Math.min(resolved, path.length, end + 1);
        shared.view.setUint32(walkA + WALK.NEXT, Math.min(resolved, path.length), true);
        const expected = twin.deniedAt(path.slice(0, count), who);
        expect(kernel.deniedAt(walkA, end, caller)).toBe(expected);
      }),
      RUNS,
    );
  });
});
