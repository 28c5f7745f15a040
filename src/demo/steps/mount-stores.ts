/** Step: two stores in one namespace, a local directory tree read-only and the bucket. */
import type { Demo } from '../demo.js';
import { BUCKET } from './fill-bucket.js';

export async function mountStores(demo: Demo): Promise<void> {
  const { screen, client, place, s3 } = demo;
  screen.step('Two stores, one namespace');
  screen.command(`orchard mount --read-only /code file://${place.tree}`);
  await client.mount('/code', `file://${place.tree}`, { readOnly: true });
  screen.command(`orchard mount --option endpoint=${s3.endpoint} /s3 s3://${BUCKET}`);
  await client.mount('/s3', `s3://${BUCKET}`, { options: s3.options });
  const mounts = await client.getMountTable();
  screen.table(
    mounts.map(({ path, uri, type, readOnly }) => [
      path,
      uri,
      type,
      readOnly ? 'read-only' : 'read-write',
    ]),
  );
}
