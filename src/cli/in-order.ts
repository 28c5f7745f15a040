/**
 * Works on the items of a sequence, several at a time, and reports the outcomes in their order.
 * Invariant: at most `width` are in work, and at most UNTOLD_MAX are done and not reported.
 */
const UNTOLD_MAX = 1024;

type Slot<R> = { outcome: { readonly value: R } | undefined; ended: Promise<void> };

export async function inOrder<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  width: number,
  work: (item: T) => Promise<R>,
  tell: (result: R) => Promise<void>,
): Promise<void> {
  const slots: Slot<R>[] = [];
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const tellDone = async () => {
    while (slots[0]?.outcome !== undefined) await tell(slots.shift()!.outcome!.value);
  };
  for await (const item of items) {
    const slot: Slot<R> = { outcome: undefined, ended: Promise.resolve() };
    slot.ended = work(item)
      .then((value) => {
        slot.outcome = { value };
      })
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => running.delete(slot.ended));
    running.add(slot.ended);
    slots.push(slot);
    if (running.size >= width) await Promise.race(running);
    if (slots.length >= UNTOLD_MAX) await slots[0]!.ended;
    if (failure !== undefined) break;
    await tellDone();
  }
  await Promise.all(running);
  await tellDone();
  if (failure !== undefined) throw failure.error;
}
